package migrations

import (
	"errors"
	"net/http"
	"slices"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/body"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/move"
	"github.com/nova-go/nova/internal/rpc"
)

// liveMigration is the request body that live-migrates a server.
type liveMigration struct {
	Host           *string    `json:"host"`
	BlockMigration body.Value `json:"block_migration"`  // a boolean; since 2.25 also "auto"
	OverCommit     body.Bool  `json:"disk_over_commit"` // until 2.24
	Force          body.Bool  `json:"force"`            // 2.30 to 2.67
}

// liveMigratesAnywhere reports whether the scheduler chooses the host, which has its own rule.
func liveMigratesAnywhere(r *api.Request) bool {
	asked, err := api.Body[liveMigration](r, "os-migrateLive")
	return err == nil && objects.OrZero(asked.Host) == ""
}

func (a *API) liveMigrate(r *api.Request, i *objects.Instance) (any, error) {
	asked, err := api.Body[liveMigration](r, "os-migrateLive")
	if err != nil {
		return nil, err
	}
	opts := move.LiveOptions{Async: r.Since(mv.V34AsyncLiveMigrateChecks)}
	opts.Host = asked.Host
	if r.Since(mv.V30LiveMigrateForce) {
		opts.Force = (*bool)(&asked.Force)
		if err := canForce(asked.Force, asked.Host); err != nil {
			return nil, err
		}
	}
	if block := asked.BlockMigration.Text(); block != "auto" {
		b, err := api.Truth(block)
		if err != nil {
			return nil, err
		}
		opts.BlockMigration = &b
	}
	if !r.Since(mv.V25BlockMigrationAuto) {
		opts.OverCommit = (*bool)(&asked.OverCommit)
	}
	return nil, liveRefusal(a.Ops.LiveMigrate(r.Context(), r.Caller, i, opts))
}

// canForce returns an error if the scheduler is to be skipped and no host is given.
func canForce(force body.Bool, host *string) error {
	if force && objects.OrZero(host) == "" {
		return api.BadRequest("Can't force to a non-provided destination")
	}
	return nil
}

// noHostErrors are the exceptions that report that no host, or not the given one, can run the
// server.
var noHostErrors = []string{"NoValidHost", "MaxRetriesExceeded", "ComputeServiceUnavailable", "ComputeHostNotFound",
	"InvalidHypervisorType", "InvalidCPUInfo",
	"UnableToMigrateToSelf", "DestinationHypervisorTooOld", "InvalidLocalStorage", "InvalidSharedStorage", "HypervisorUnavailable",
	"MigrationPreCheckError"}

func liveRefusal(err error) error {
	if e, ok := errors.AsType[*rpc.RemoteError](err); ok && slices.Contains(noHostErrors, e.Class) {
		return api.BadRequest("%s", rpc.RemoteMessage(err))
	}
	return err
}

func (a *API) forceComplete(r *api.Request, i *objects.Instance) (any, error) {
	err := a.Ops.ForceComplete(r.Context(), r.Caller, i, r.Var("id"))
	if errors.Is(err, objects.ErrMigrationNotFoundForInstance) {
		return nil, api.As(http.StatusBadRequest, err)
	}
	return nil, err
}

func (a *API) abort(r *api.Request, i *objects.Instance) (any, error) {
	err := a.Ops.Abort(r.Context(), r.Caller, i, r.Var("id"), r.Since(mv.V65AbortQueued))
	if errors.Is(err, objects.ErrInstanceIsLocked) { // Nova maps it to an invalid state
		return nil, api.Conflict("Instance %s is in an invalid state for 'abort live migration'", i.UUID)
	}
	return nil, err
}
