package migrations

import (
	"errors"
	"net/http"
	"strings"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/body"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/create"
	"github.com/nova-go/nova/internal/ops/move"
	"github.com/nova-go/nova/internal/policy"
)

func (a *API) rebuild(r *api.Request, i *objects.Instance) (any, error) {
	opts, err := a.rebuildOptions(r, i)
	if err != nil {
		return nil, err
	}
	err = a.Ops.Rebuild(r.Context(), r.Caller, i, opts)
	switch {
	case errors.Is(err, objects.ErrInstanceNotFound):
		return nil, api.NotFound("Instance could not be found")
	case errors.Is(err, objects.ErrImageNotFound):
		return nil, api.BadRequest("Cannot find image for rebuild")
	case errors.Is(err, objects.ErrKeypairNotFound):
		return nil, api.BadRequest("Invalid key_name provided.")
	case errors.Is(err, objects.ErrInvalidVolume):
		return nil, api.As(http.StatusBadRequest, err)
	case err != nil:
		return nil, err
	}
	var password *string
	if a.ShowPassword {
		password = &opts.Password
	}
	return a.Rebuilt(r, password, i.UserData)
}

// rebuilding is the request body that rebuilds a server.
type rebuilding struct {
	ImageRef          string             `json:"imageRef"`
	Name              *string            `json:"name"`
	Metadata          *map[string]string `json:"metadata"`
	AdminPass         *string            `json:"adminPass"`
	AutoDisk          *body.AutoDisk     `json:"OS-DCF:diskConfig"`
	AccessIPv4        *string            `json:"accessIPv4"`
	AccessIPv6        *string            `json:"accessIPv6"`
	PreserveEphemeral body.Bool          `json:"preserve_ephemeral"`
	Files             []create.File      `json:"personality"`                // until 2.56
	Description       body.Opt[*string]  `json:"description"`                // since 2.19
	KeyName           body.Opt[*string]  `json:"key_name"`                   // since 2.54
	UserData          body.Opt[*string]  `json:"user_data"`                  // since 2.57
	TrustedCerts      body.Opt[[]string] `json:"trusted_image_certificates"` // since 2.63
	Hostname          *string            `json:"hostname"`                   // since 2.90
}

func (a *API) rebuildOptions(r *api.Request, i *objects.Instance) (move.RebuildOptions, error) {
	asked, err := api.Body[rebuilding](r, "rebuild")
	if err != nil {
		return move.RebuildOptions{}, err
	}
	opts := move.RebuildOptions{Image: asked.ImageRef, Password: a.password(asked.AdminPass), Files: asked.Files, Metadata: asked.Metadata,
		Description: asked.Description.Pointer(), AccessIPv4: objects.CanonicalIP(asked.AccessIPv4),
		AccessIPv6:     objects.CanonicalIP(asked.AccessIPv6),
		AutoDiskConfig: (*bool)(asked.AutoDisk), KeepEphemeral: bool(asked.PreserveEphemeral),
		ReimageVolume: r.Since(mv.V93RebuildVolume), ZeroDisk: r.Allowed(policy.ServersCreateZeroDiskFlavor, r.Own())}
	if asked.Name != nil {
		opts.Name = new(strings.TrimSpace(*asked.Name))
	}
	if r.Since(mv.V54RebuildKeypair) {
		opts.Key = asked.KeyName.Pointer()
	}
	if r.Since(mv.V57NoPersonality) {
		opts.UserData = asked.UserData.Pointer()
	}
	if r.Since(mv.V90Hostname) {
		opts.Hostname = asked.Hostname
	}
	if !asked.TrustedCerts.Given || !r.Since(mv.V63TrustedCerts) {
		return opts, nil
	}
	opts.TrustedCerts = &asked.TrustedCerts.Value
	return opts, r.Can(policy.ServersRebuildTrustedCerts, api.OwnerOf(i))
}
