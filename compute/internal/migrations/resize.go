package migrations

import (
	"context"
	"net/http"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/compute/internal/subject"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/migration"
	"github.com/nova-go/nova/internal/policy"
	"github.com/nova-go/nova/internal/reqctx"
)

// toResize are the parts of a server that its new host makes anew.
const toResize = subject.WithFlavor | cell.PartServices | cell.PartResources | cell.PartPCIRequests | cell.PartPCIDevices | cell.PartTrustedCerts | cell.PartVCPUModel

func (a *API) resize(r *api.Request) (any, error) {
	body := r.Field("resize")
	i, err := subject.Record(r, a.Servers, toResize)
	if err != nil {
		return nil, err
	}
	err = a.Ops.Resize(r.Ctx(), r.Context, i, migration.ResizeOptions{Action: "resize", Flavor: api.Text(body["flavorRef"]), AutoDiskConfig: autoDisk(body),
		CrossCell: r.Allowed(policy.ServersResizeCrossCell, subject.Target(i)), ZeroDisk: r.Allowed(policy.ServersCreateZeroDiskFlavor, r.Own())})
	switch {
	case objects.IsClass(err, "FlavorNotFound"):
		return nil, api.As(http.StatusBadRequest, err)
	case objects.IsClass(err, "InvalidImageConfigDrive"):
		return nil, api.BadRequest("Invalid instance image.")
	}
	return nil, err
}

// migrate is a resize to the flavor that the server has.
func (a *API) migrate(r *api.Request) (any, error) {
	i, err := subject.Unchecked(r, a.Servers, cell.Usual|cell.PartFlavor|cell.PartServices)
	if err != nil {
		return nil, err
	}
	opts, rule := migration.ResizeOptions{Action: "migrate"}, policy.MigrateServerMigrate
	if host := str(r.Field("migrate")["host"]); objects.OrZero(host) != "" && r.Since(mv.V56MigrateHost) {
		opts.Host, rule = *host, policy.MigrateServerMigrateHost
	}
	if err := r.AuthorizeAs(rule, projectOf(i)); err != nil {
		return nil, err
	}
	opts.CrossCell = r.Allowed(policy.ServersResizeCrossCell, subject.Target(i))
	return nil, a.Ops.Resize(r.Ctx(), r.Context, i, opts)
}

// projectOf is what rules look at that do not care whose server it is.
func projectOf(i *objects.Instance) policy.Target { return policy.Target{ProjectID: i.ProjectID} }

func (a *API) confirm(r *api.Request) (any, error) { return a.end(r, a.Ops.Confirm) }
func (a *API) revert(r *api.Request) (any, error)  { return a.end(r, a.Ops.Revert) }

// end ends a resize in either way.
func (a *API) end(r *api.Request, do func(context.Context, *reqctx.Context, *objects.Instance) error) (any, error) {
	_, err := subject.Act(r, a.Servers, subject.WithFlavor, do)
	if objects.IsClass(err, "MigrationNotFoundByStatus") {
		return nil, api.BadRequest("Instance has not been resized.")
	}
	return nil, err
}
