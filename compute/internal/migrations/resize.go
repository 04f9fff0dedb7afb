package migrations

import (
	"errors"
	"net/http"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/body"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/move"
	"github.com/nova-go/nova/internal/policy"
)

// resizeParts are the parts of a server that a resize needs or changes.
const resizeParts = api.WithFlavor | objects.PartServices | objects.PartResources | objects.PartPCIRequests |
	objects.PartPCIDevices | objects.PartTrustedCerts | objects.PartVCPUModel

// resizing is the request body that resizes a server.
type resizing struct {
	FlavorRef body.Scalar    `json:"flavorRef"` // the bare id; in requests that create servers it may also be a URL
	AutoDisk  *body.AutoDisk `json:"OS-DCF:diskConfig"`
}

func (a *API) resize(r *api.Request, i *objects.Instance) (any, error) {
	asked, err := api.Body[resizing](r, "resize")
	if err != nil {
		return nil, err
	}
	err = a.Ops.Resize(r.Context(), r.Caller, i, move.ResizeOptions{Action: "resize", Flavor: string(asked.FlavorRef),
		AutoDiskConfig: (*bool)(asked.AutoDisk),
		CrossCell:      r.Allowed(policy.ServersResizeCrossCell, api.OwnerOf(i)),
		ZeroDisk:       r.Allowed(policy.ServersCreateZeroDiskFlavor, r.Own())})
	switch {
	case errors.Is(err, objects.ErrFlavorNotFound):
		return nil, api.As(http.StatusBadRequest, err)
	case errors.Is(err, objects.ErrInvalidImageConfigDrive):
		return nil, api.BadRequest("Invalid instance image.")
	}
	return nil, err
}

// migrating is the request body that cold-migrates a server.
type migrating struct {
	Host string `json:"host"` // since 2.56
}

// migrate resizes a server to its current flavor on another host.
func (a *API) migrate(r *api.Request, i *objects.Instance) (any, error) {
	host, err := migrationHost(r)
	if err != nil {
		return nil, err
	}
	return nil, a.Ops.Resize(r.Context(), r.Caller, i, move.ResizeOptions{Action: "migrate", Host: host,
		CrossCell: r.Allowed(policy.ServersResizeCrossCell, api.OwnerOf(i))})
}

// migrationHost returns the host in the body of a migration; "" means none. Before 2.56 the
// body is not checked.
func migrationHost(r *api.Request) (string, error) {
	if !r.Since(mv.V56MigrateHost) {
		return "", nil
	}
	asked, err := api.Body[migrating](r, "migrate")
	return asked.Host, err
}

// migratesAnywhere reports whether the scheduler chooses the host, which has its own rule.
func migratesAnywhere(r *api.Request) bool {
	host, err := migrationHost(r)
	return err == nil && host == ""
}

// ofProject finds the server in the path, for rules whose target is its project without its
// user.
func ofProject(parts objects.Parts) func(*api.Request) (*objects.Instance, policy.Target, error) {
	return func(r *api.Request) (*objects.Instance, policy.Target, error) {
		i, owner, err := r.Server(api.RecordOf(parts))
		return i, policy.Target{ProjectID: owner.ProjectID}, err
	}
}

func (a *API) confirm(r *api.Request, i *objects.Instance) (any, error) {
	return nil, notResized(a.Ops.Confirm(r.Context(), r.Caller, i))
}

func (a *API) revert(r *api.Request, i *objects.Instance) (any, error) {
	return nil, notResized(a.Ops.Revert(r.Context(), r.Caller, i))
}

// notResized converts the errors of confirming and reverting a resize to those of Nova.
func notResized(err error) error {
	if errors.Is(err, objects.ErrMigrationNotFoundByStatus) {
		return api.BadRequest("Instance has not been resized.")
	}
	return err
}
