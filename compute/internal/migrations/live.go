package migrations

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/compute/internal/subject"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/migration"
	"github.com/nova-go/nova/internal/policy"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/rpc"
)

func (a *API) liveMigrate(r *api.Request) (any, error) {
	i, err := subject.Unchecked(r, a.Servers, subject.WithFlavor)
	if err != nil {
		return nil, err
	}
	body := r.Field("os-migrateLive")
	opts := migration.LiveOptions{Async: r.Since(mv.V34AsyncLiveMigrateChecks)}
	rule := policy.MigrateServerMigrateLive
	if opts.Host = str(body["host"]); objects.OrZero(opts.Host) != "" {
		rule = policy.MigrateServerMigrateLiveHost
	}
	if err := r.AuthorizeAs(rule, projectOf(i)); err != nil {
		return nil, err
	}
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

func (a *API) forceComplete(r *api.Request) (any, error) {
	_, err := a.underWay(r, a.Ops.ForceComplete)
	if objects.IsClass(err, "MigrationNotFoundForInstance") {
		return nil, api.As(http.StatusBadRequest, err)
	}
	return nil, err
}

func (a *API) abort(r *api.Request) (any, error) {
	i, err := a.underWay(r, func(ctx context.Context, caller *reqctx.Context, i *objects.Instance, id string) error {
		return a.Ops.Abort(ctx, caller, i, id, r.Since(mv.V65AbortQueued))
	})
	if objects.IsClass(err, "InstanceIsLocked") { // Nova takes it for a wrong state
		return nil, api.Conflict("Instance %s is in an invalid state for 'abort live migration'", i.UUID)
	}
	return nil, err
}

// underWay does something about the migration that the path names.
func (a *API) underWay(r *api.Request, do func(context.Context, *reqctx.Context, *objects.Instance, string) error) (*objects.Instance, error) {
	i, err := subject.Record(r, a.Servers, cell.Usual)
	if err != nil {
		return nil, err
	}
	return i, do(r.Ctx(), r.Context, i, r.Var("id"))
}
