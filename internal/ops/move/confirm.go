package move

import (
	"context"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/server"
	"github.com/nova-go/nova/internal/reqctx"
)

// Confirm ends a resize or migration: the source host deletes what it kept of the server. Errors:
// MigrationNotFoundByStatus, ServiceUnavailable.
func (o *Ops) Confirm(ctx context.Context, caller *reqctx.Caller, i *objects.Instance) error {
	if err := (server.Guard{VM: []string{"resized"}}).Check(caller, i, "confirmResize"); err != nil {
		return err
	}
	m, err := o.finished(ctx, i)
	if err != nil {
		return err
	}
	// After the status changes from finished, the migration cannot be confirmed again. Check first that the source host can do it.
	source, err := o.sourceService(ctx, i, m)
	if err != nil {
		return err
	}
	if !o.Servers.Up(source) {
		return errUnavailable()
	}
	if err := o.setStatus(ctx, i, m, "confirming"); err != nil {
		return err
	}
	if err := o.Servers.Record(ctx, caller, i, "confirmResize"); err != nil {
		return err
	}
	if m.CrossCell {
		return o.Servers.Conductor.ConfirmSnapshotBasedResize(ctx, caller, i, m)
	}
	return o.Servers.Compute.ConfirmResize(ctx, caller, i, m)
}

// sourceService returns the nova-compute that the server was on before the migration. It may be in another cell.
func (o *Ops) sourceService(ctx context.Context, i *objects.Instance, m *objects.Migration) (*objects.Service, error) {
	host := objects.OrZero(m.SourceCompute)
	var s *objects.Service
	var err error
	if m.CrossCell {
		_, err = o.inCellOf(ctx, host, func(ctx context.Context, c *db.Cell) error {
			s, err = serviceIn(ctx, c, host)
			return err
		})
	} else {
		s, err = o.service(ctx, i, host)
	}
	if err == nil && s == nil {
		err = undeclaredError(errNoHost(host))
	}
	return s, err
}
