package migrations

import (
	"net/http"
	"strings"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/build"
	"github.com/nova-go/nova/internal/ops/migration"
	"github.com/nova-go/nova/internal/policy"
)

func (a *API) rebuild(r *api.Request, i *objects.Instance) (any, error) {
	opts, err := a.rebuildOptions(r, i)
	if err != nil {
		return nil, err
	}
	err = a.Ops.Rebuild(r.Ctx(), r.Context, i, opts)
	switch {
	case objects.IsClass(err, "InstanceNotFound"):
		return nil, api.NotFound("Instance could not be found")
	case objects.IsClass(err, "ImageNotFound"):
		return nil, api.BadRequest("Cannot find image for rebuild")
	case objects.IsClass(err, "KeypairNotFound"):
		return nil, api.BadRequest("Invalid key_name provided.")
	case objects.IsClass(err, "InvalidVolume"):
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

func (a *API) rebuildOptions(r *api.Request, i *objects.Instance) (migration.RebuildOptions, error) {
	body := r.Field("rebuild")
	opts := migration.RebuildOptions{Image: api.Text(body["imageRef"]), Password: a.password(body), AutoDiskConfig: autoDisk(body), Description: optional(body, "description"),
		AccessIPv4: objects.CanonicalIP(str(body["accessIPv4"])), AccessIPv6: objects.CanonicalIP(str(body["accessIPv6"])),
		ReimageVolume: r.Since(mv.V93RebuildVolume), ZeroDisk: r.Allowed(policy.ServersCreateZeroDiskFlavor, r.Own())}
	if keep, given := body["preserve_ephemeral"]; given {
		var err error
		if opts.KeepEphemeral, err = api.Truth(keep); err != nil {
			return opts, err
		}
	}
	if name := str(body["name"]); name != nil {
		trimmed := strings.TrimSpace(*name)
		opts.Name = &trimmed
	}
	if given, ok := body["metadata"].(map[string]any); ok {
		metadata := map[string]string{}
		for key, value := range given {
			metadata[key] = api.Text(value)
		}
		opts.Metadata = &metadata
	}
	files, _ := body["personality"].([]any)
	for _, one := range files {
		f, _ := one.(map[string]any)
		opts.Files = append(opts.Files, build.File{Path: objects.OrZero(str(f["path"])), Content: objects.OrZero(str(f["contents"]))})
	}
	if r.Since(mv.V54RebuildKeypair) {
		opts.Key = optional(body, "key_name")
	}
	if r.Since(mv.V57NoPersonality) {
		opts.UserData = optional(body, "user_data")
	}
	if r.Since(mv.V90Hostname) {
		opts.Hostname = str(body["hostname"])
	}
	certs, given := body["trusted_image_certificates"]
	if !given || !r.Since(mv.V63TrustedCerts) {
		return opts, nil
	}
	list, _ := certs.([]any)
	ids := []string{}
	for _, id := range list {
		ids = append(ids, api.Text(id))
	}
	opts.TrustedCerts = &ids
	return opts, r.Can(policy.ServersRebuildTrustedCerts, api.OwnerOf(i))
}

// optional is a member that may be null, or nil where it is not given.
func optional(body map[string]any, name string) **string {
	given, ok := body[name]
	if !ok {
		return nil
	}
	value := str(given)
	return &value
}
