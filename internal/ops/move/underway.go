package move

import (
	"context"
	"slices"
	"strconv"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/server"
	"github.com/nova-go/nova/internal/reqctx"
)

// ForceComplete makes a live migration finish, which may pause the server. id is the migration's id as the client sent it.
// Errors: MigrationNotFoundForInstance, InvalidMigrationState.
func (o *Ops) ForceComplete(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, id string) error {
	if err := (server.Guard{VM: []string{"active"}, Task: []string{"migrating"}}).Check(caller, i, "force_complete"); err != nil {
		return err
	}
	m, err := o.inStatus(ctx, i, id, "force complete", "running")
	if err != nil {
		return err
	}
	if err := o.Servers.Record(ctx, caller, i, "live_migration_force_complete"); err != nil {
		return err
	}
	return o.Servers.Compute.ForceComplete(ctx, caller, i, objects.OrZero(m.SourceCompute))
}

// Abort cancels a live migration. waiting also allows migrations that have not started yet. Errors: as ForceComplete.
func (o *Ops) Abort(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, id string, waiting bool) error {
	if err := (server.Guard{Task: []string{"migrating"}}).Check(caller, i, "abort live migration"); err != nil {
		return err
	}
	statuses := []string{"running"}
	if waiting {
		statuses = append(statuses, "queued", "preparing")
	}
	m, err := o.inStatus(ctx, i, id, "abort live migration", statuses...)
	if err != nil {
		return err
	}
	if err := o.Servers.Record(ctx, caller, i, "live_migration_cancel"); err != nil {
		return err
	}
	return o.Servers.Compute.AbortLiveMigration(ctx, caller, i, m.ID)
}

// inStatus returns a migration of the server whose status is one of statuses. action is a part of the error text.
func (o *Ops) inStatus(ctx context.Context, i *objects.Instance, id, action string, statuses ...string) (*objects.Migration, error) {
	var m *objects.Migration
	if n, err := strconv.ParseInt(id, 10, 64); err == nil {
		err := o.Servers.InCell(ctx, i, func(ctx context.Context, c *db.Cell) error {
			var err error
			m, err = cell.MigrationOf(ctx, c, i.UUID, n)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	if m == nil {
		return nil, objects.ErrMigrationNotFoundForInstance.Errorf(objects.KindNotFound, "Migration %s not found for instance %s", id, i.UUID)
	}
	if !slices.Contains(statuses, objects.OrZero(m.Status)) {
		return nil, objects.ErrInvalidMigrationState.Errorf(objects.KindInvalid,
			"Migration %s state of instance %s is %s. Cannot %s while the migration is in this state.",
			id, i.UUID, objects.OrZero(m.Status), action)
	}
	return m, nil
}
