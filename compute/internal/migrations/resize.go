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

// toResize are the parts of a server that its new host makes anew.
const toResize = api.WithFlavor | objects.PartServices | objects.PartResources | objects.PartPCIRequests | objects.PartPCIDevices | objects.PartTrustedCerts | objects.PartVCPUModel

// resizing is the body that gives a server another flavor.
type resizing struct {
	FlavorRef body.Scalar    `json:"flavorRef"` // no URL, as against that of new servers
	AutoDisk  *body.AutoDisk `json:"OS-DCF:diskConfig"`
}

func (a *API) resize(r *api.Request, i *objects.Instance) (any, error) {
	asked, err := api.Body[resizing](r, "resize")
	if err != nil {
		return nil, err
	}
	err = a.Ops.Resize(r.Context(), r.Caller, i, move.ResizeOptions{Action: "resize", Flavor: string(asked.FlavorRef), AutoDiskConfig: (*bool)(asked.AutoDisk),
		CrossCell: r.Allowed(policy.ServersResizeCrossCell, api.OwnerOf(i)), ZeroDisk: r.Allowed(policy.ServersCreateZeroDiskFlavor, r.Own())})
	switch {
	case errors.Is(err, objects.ErrFlavorNotFound):
		return nil, api.As(http.StatusBadRequest, err)
	case errors.Is(err, objects.ErrInvalidImageConfigDrive):
		return nil, api.BadRequest("Invalid instance image.")
	}
	return nil, err
}

// migrating is the body that moves a server.
type migrating struct {
	Host string `json:"host"` // since 2.56
}

// migrate is a resize to the flavor that the server has.
func (a *API) migrate(r *api.Request, i *objects.Instance) (any, error) {
	host, err := migrationHost(r)
	if err != nil {
		return nil, err
	}
	return nil, a.Ops.Resize(r.Context(), r.Caller, i, move.ResizeOptions{Action: "migrate", Host: host, CrossCell: r.Allowed(policy.ServersResizeCrossCell, api.OwnerOf(i))})
}

// migrationHost is the host that the body of a migration names; "" is none. Until 2.55
// the body may be anything.
func migrationHost(r *api.Request) (string, error) {
	if !r.Since(mv.V56MigrateHost) {
		return "", nil
	}
	asked, err := api.Body[migrating](r, "migrate")
	return asked.Host, err
}

// migratesAnywhere tells whether the scheduler chooses the host, which has a rule of its
// own.
func migratesAnywhere(r *api.Request) bool {
	host, err := migrationHost(r)
	return err == nil && host == ""
}

// ofProject finds the server that the path names, for rules that do not care which user
// it belongs to.
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

// notResized is the error of ending a resize.
func notResized(err error) error {
	if errors.Is(err, objects.ErrMigrationNotFoundByStatus) {
		return api.BadRequest("Instance has not been resized.")
	}
	return err
}
