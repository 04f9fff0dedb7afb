package servers

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/lifecycle"
	"github.com/nova-go/nova/internal/policy"
	"github.com/nova-go/nova/internal/quota"
)

func (a *API) createImage(r *api.Request, i *objects.Instance) (any, error) {
	body := r.Field("createImage")
	properties, err := a.imageProperties(r, body)
	if err != nil {
		return nil, err
	}
	name, _ := body["name"].(string)
	image, err := a.Ops.CreateImage(r.Ctx(), r.Context, i, strings.TrimSpace(name), properties, func() error {
		return r.Can(policy.ServersCreateImageAllowVolumeBacked, api.OwnerOf(i))
	})
	if err != nil {
		return nil, err
	}
	if r.Since(mv.V45ImageIDBody) {
		return imageID(image), nil
	}
	url, err := a.ImageURL(r.Ctx(), r.Context, image)
	if err != nil {
		return nil, err
	}
	return &api.Reply{Header: http.Header{"Content-Type": {webobPage}, "Location": {url}}}, nil
}

func (a *API) createBackup(r *api.Request, i *objects.Instance) (any, error) {
	body := r.Field("createBackup")
	var b lifecycle.BackupOptions
	name, _ := body["name"].(string)
	b.Name = strings.TrimSpace(name)
	b.Kind, _ = body["backup_type"].(string)
	var err error
	if b.Keep, err = strconv.ParseInt(api.Text(body["rotation"]), 10, 64); err != nil {
		return nil, err
	}
	if b.Properties, err = a.imageProperties(r, body); err != nil {
		return nil, err
	}
	image, err := a.Ops.Backup(r.Ctx(), r.Context, i, b)
	switch {
	case err != nil:
		return nil, err
	case r.Since(mv.V45ImageIDBody):
		return imageID(image), nil
	case b.Keep == 0: // it will be gone again
		return &api.Reply{Header: http.Header{"Content-Type": {webobPage}}}, nil
	}
	return &api.Reply{Header: http.Header{"Content-Type": {webobPage}, "Location": {strings.TrimRight(api.ApplicationURL(r.Request), "/") + "/images/" + image}}}, nil
}

func imageID(id string) api.Encoder {
	return api.Doc(func(o *api.Object) { o.Str("image_id", id) })
}

// imageProperties are the metadata of the body, which counted against a quota
// until 2.39.
func (a *API) imageProperties(r *api.Request, body map[string]any) (map[string]string, error) {
	given, _ := body["metadata"].(map[string]any)
	properties := make(map[string]string, len(given))
	for key, value := range given {
		properties[key] = api.Text(value)
	}
	if len(given) > 0 && !r.Since(mv.V39NoImageMetadata) {
		err := a.Ops.Servers.Limits.CheckImage(r.Ctx(), quota.Owner{Project: r.Context.ProjectID, User: r.Context.UserID}, len(given))
		if _, over := errors.AsType[*quota.OverError](err); over {
			return nil, api.Forbidden("Image metadata limit exceeded")
		}
		if err != nil {
			return nil, err
		}
	}
	return properties, nil
}
