package migrations

import (
	"net/http"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/migration"
	"github.com/nova-go/nova/internal/policy"
)

// toResize are the parts of a server that its new host makes anew.
const toResize = api.WithFlavor | cell.PartServices | cell.PartResources | cell.PartPCIRequests | cell.PartPCIDevices | cell.PartTrustedCerts | cell.PartVCPUModel

func (a *API) resize(r *api.Request, i *objects.Instance) (any, error) {
	body := r.Field("resize")
	err := a.Ops.Resize(r.Ctx(), r.Context, i, migration.ResizeOptions{Action: "resize", Flavor: api.Text(body["flavorRef"]), AutoDiskConfig: autoDisk(body),
		CrossCell: r.Allowed(policy.ServersResizeCrossCell, api.OwnerOf(i)), ZeroDisk: r.Allowed(policy.ServersCreateZeroDiskFlavor, r.Own())})
	switch {
	case objects.IsClass(err, "FlavorNotFound"):
		return nil, api.As(http.StatusBadRequest, err)
	case objects.IsClass(err, "InvalidImageConfigDrive"):
		return nil, api.BadRequest("Invalid instance image.")
	}
	return nil, err
}

// migrate is a resize to the flavor that the server has.
func (a *API) migrate(r *api.Request, i *objects.Instance) (any, error) {
	return nil, a.Ops.Resize(r.Ctx(), r.Context, i, migration.ResizeOptions{Action: "migrate", Host: migrationHost(r), CrossCell: r.Allowed(policy.ServersResizeCrossCell, api.OwnerOf(i))})
}

// migrationHost is the host that the body of a migration names; "" is none.
func migrationHost(r *api.Request) string {
	if !r.Since(mv.V56MigrateHost) {
		return ""
	}
	return objects.OrZero(str(r.Field("migrate")["host"]))
}

// migratesAnywhere tells whether the scheduler chooses the host, which has a rule of its
// own.
func migratesAnywhere(r *api.Request) bool { return migrationHost(r) == "" }

// ofProject finds the server that the path names, for rules that do not care which user
// it belongs to.
func ofProject(parts cell.Parts) func(*api.Request) (*objects.Instance, policy.Target, error) {
	return func(r *api.Request) (*objects.Instance, policy.Target, error) {
		i, owner, err := r.Server(api.RecordOf(parts))
		return i, policy.Target{ProjectID: owner.ProjectID}, err
	}
}

func (a *API) confirm(r *api.Request, i *objects.Instance) (any, error) {
	return nil, notResized(a.Ops.Confirm(r.Ctx(), r.Context, i))
}

func (a *API) revert(r *api.Request, i *objects.Instance) (any, error) {
	return nil, notResized(a.Ops.Revert(r.Ctx(), r.Context, i))
}

// notResized is the error of ending a resize.
func notResized(err error) error {
	if objects.IsClass(err, "MigrationNotFoundByStatus") {
		return api.BadRequest("Instance has not been resized.")
	}
	return err
}
