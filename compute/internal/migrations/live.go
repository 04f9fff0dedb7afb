package migrations

import (
	"errors"
	"net/http"
	"slices"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/migration"
	"github.com/nova-go/nova/internal/rpc"
)

// liveMigratesAnywhere tells whether the scheduler chooses the host, which has a rule of
// its own.
func liveMigratesAnywhere(r *api.Request) bool {
	return objects.OrZero(str(r.Field("os-migrateLive")["host"])) == ""
}

func (a *API) liveMigrate(r *api.Request, i *objects.Instance) (any, error) {
	body := r.Field("os-migrateLive")
	opts := migration.LiveOptions{Async: r.Since(mv.V34AsyncLiveMigrateChecks)}
	opts.Host = str(body["host"])
	if err := liveOptions(r, body, &opts); err != nil {
		return nil, err
	}
	return nil, liveRefusal(a.Ops.LiveMigrate(r.Ctx(), r.Context, i, opts))
}

func liveOptions(r *api.Request, body map[string]any, opts *migration.LiveOptions) error {
	if r.Since(mv.V30LiveMigrateForce) {
		var err error
		if opts.Force, err = force(body, objects.OrZero(opts.Host)); err != nil {
			return err
		}
	}
	block := body["block_migration"]
	if r.Since(mv.V25BlockMigrationAuto) && block == "auto" {
		return nil
	}
	b, err := api.Truth(block)
	if err != nil {
		return err
	}
	opts.BlockMigration = &b
	if r.Since(mv.V25BlockMigrationAuto) {
		return nil
	}
	over, err := api.Truth(body["disk_over_commit"])
	opts.OverCommit = &over
	return err
}

// force reads whether a host is to be taken without asking the scheduler.
func force(body map[string]any, host string) (*bool, error) {
	given, ok := body["force"]
	if !ok {
		given = false
	}
	b, err := api.Truth(given)
	if err == nil && b && host == "" {
		err = api.BadRequest("Can't force to a non-provided destination")
	}
	return &b, err
}

// impossible are the exceptions by which hosts say that a server cannot be moved to
// them.
var impossible = []string{"NoValidHost", "MaxRetriesExceeded", "ComputeServiceUnavailable", "ComputeHostNotFound", "InvalidHypervisorType", "InvalidCPUInfo",
	"UnableToMigrateToSelf", "DestinationHypervisorTooOld", "InvalidLocalStorage", "InvalidSharedStorage", "HypervisorUnavailable", "MigrationPreCheckError"}

func liveRefusal(err error) error {
	if e, ok := errors.AsType[*rpc.RemoteError](err); ok && slices.Contains(impossible, e.Class) {
		return api.BadRequest("%s", rpc.RemoteMessage(err))
	}
	return err
}

func (a *API) forceComplete(r *api.Request, i *objects.Instance) (any, error) {
	err := a.Ops.ForceComplete(r.Ctx(), r.Context, i, r.Var("id"))
	if objects.IsClass(err, "MigrationNotFoundForInstance") {
		return nil, api.As(http.StatusBadRequest, err)
	}
	return nil, err
}

func (a *API) abort(r *api.Request, i *objects.Instance) (any, error) {
	err := a.Ops.Abort(r.Ctx(), r.Context, i, r.Var("id"), r.Since(mv.V65AbortQueued))
	if objects.IsClass(err, "InstanceIsLocked") { // Nova takes it for a wrong state
		return nil, api.Conflict("Instance %s is in an invalid state for 'abort live migration'", i.UUID)
	}
	return nil, err
}
