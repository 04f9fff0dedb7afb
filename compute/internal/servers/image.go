package servers

import (
	"errors"
	"net/http"
	"strings"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/body"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/lifecycle"
	"github.com/nova-go/nova/internal/policy"
	"github.com/nova-go/nova/internal/quota"
)

// newImage is the request body that creates an image of a server.
type newImage struct {
	Name     string            `json:"name"`
	Metadata map[string]string `json:"metadata"`
}

// newBackup is the request body that creates a backup image of a server, and deletes old
// backups.
type newBackup struct {
	Name     string            `json:"name"`
	Metadata map[string]string `json:"metadata"`
	Kind     string            `json:"backup_type"`
	Rotation body.Int          `json:"rotation"`
}

func (a *API) createImage(r *api.Request, i *objects.Instance) (any, error) {
	asked, err := api.Body[newImage](r, "createImage")
	if err != nil {
		return nil, err
	}
	if err := a.checkProperties(r, asked.Metadata); err != nil {
		return nil, err
	}
	image, err := a.Ops.CreateImage(r.Context(), r.Caller, i, strings.TrimSpace(asked.Name), asked.Metadata, func() error {
		return r.Can(policy.ServersCreateImageAllowVolumeBacked, api.OwnerOf(i))
	})
	if err != nil {
		return nil, err
	}
	if r.Since(mv.V45ImageIDBody) {
		return imageID(image), nil
	}
	url, err := a.ImageURL(r.Context(), r.Caller, image)
	if err != nil {
		return nil, err
	}
	return &api.Reply{Header: http.Header{"Content-Type": {webobPage}, "Location": {url}}}, nil
}

func (a *API) createBackup(r *api.Request, i *objects.Instance) (any, error) {
	asked, err := api.Body[newBackup](r, "createBackup")
	if err != nil {
		return nil, err
	}
	b := lifecycle.BackupOptions{Name: strings.TrimSpace(asked.Name), Kind: asked.Kind, Keep: int64(asked.Rotation),
		Properties: asked.Metadata}
	if err := a.checkProperties(r, b.Properties); err != nil {
		return nil, err
	}
	image, err := a.Ops.Backup(r.Context(), r.Caller, i, b)
	switch {
	case err != nil:
		return nil, err
	case r.Since(mv.V45ImageIDBody):
		return imageID(image), nil
	case b.Keep == 0: // the new image is deleted as well
		return &api.Reply{Header: http.Header{"Content-Type": {webobPage}}}, nil
	}
	return &api.Reply{Header: http.Header{"Content-Type": {webobPage},
		"Location": {strings.TrimRight(api.ApplicationURL(r.Request), "/") + "/images/" + image}}}, nil
}

func imageID(id string) api.Encoder {
	return api.Doc(func(o *api.Object) { o.Str("image_id", id) })
}

// checkProperties checks the number of properties against the quota, which exists before 2.39.
func (a *API) checkProperties(r *api.Request, properties map[string]string) error {
	if len(properties) == 0 || r.Since(mv.V39NoImageMetadata) {
		return nil
	}
	err := a.Ops.Servers.Limits.CheckImage(r.Context(), quota.Owner{Project: r.Caller.ProjectID, User: r.Caller.UserID}, len(properties))
	if _, over := errors.AsType[*quota.OverError](err); over {
		return api.Forbidden("Image metadata limit exceeded")
	}
	return err
}
