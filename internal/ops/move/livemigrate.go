package move

import (
	"context"
	"errors"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/server"
	"github.com/nova-go/nova/internal/release"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/rpc"
	"github.com/nova-go/nova/internal/rpc/conductorrpc"
)

// LiveOptions describes a live migration.
type LiveOptions struct {
	conductorrpc.Live
	// Force moves the server to the requested host without asking the scheduler. nil is the behaviour before microversion 2.30, where
	// clients could not specify it.
	Force *bool
	// Async returns before the hosts have checked that the migration is possible.
	Async bool
}

// LiveMigrate moves a running server to another host. Errors: ForbiddenWithShare, ExtendedResourceRequestOldCompute,
// ForbiddenPortsWithAccelerator, ForbiddenWithAccelerators, OperationNotSupportedForVTPM, VTPMOldCompute,
// OperationNotSupportedForMemEncryption, ComputeHostNotFound; *rpc.RemoteError if the conductor's checks fail.
func (o *Ops) LiveMigrate(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, opts LiveOptions) error {
	err := server.First(
		func() error { return o.Servers.WithShare(ctx, i) },
		func() error { return o.Servers.WithResourceGroups(ctx, i) },
		func() error { return server.WithPortAccelerator(i) },
		func() error { return server.WithAccelerator(i) },
		func() error { return o.tpmMoves(ctx, i) },
		func() error { return o.Servers.WithEncryptedMemory(i, "live-migration") },
		func() error {
			return server.Guard{VM: []string{"active", "paused"}}.Check(caller, i, "os-migrateLive")
		},
	)
	if err != nil {
		return err
	}
	var node *objects.ComputeNode
	if objects.OrZero(opts.Host) != "" {
		if node, err = o.node(ctx, i, *opts.Host); err != nil {
			return err
		}
	}
	spec, err := o.spec(ctx, i)
	if err != nil {
		return err
	}
	if err := o.Servers.Begin(ctx, caller, i, []string{""}, "migrating", "live-migration"); err != nil {
		return err
	}
	if opts.Force != nil && !*opts.Force && node != nil { // the scheduler checks the requested host
		opts.Host = nil
		spec.Destination = newDestination(node)
		spec.Change("requested_destination")
	}
	if opts.Async {
		return o.Servers.Conductor.LiveMigrate(ctx, caller, i, spec, opts.Live)
	}
	err = o.Servers.Conductor.LiveMigrateChecked(ctx, caller, i, spec, opts.Live)
	if timeout, ok := errors.AsType[*rpc.TimeoutError](err); ok {
		// The migration may continue in spite of the timeout. The fault of the server records it, as in Nova.
		return errors.Join(err, o.Servers.InCell(context.WithoutCancel(ctx), i, func(ctx context.Context, c *db.Cell) error {
			return cell.AddFault(ctx, c, i.UUID, o.Servers.Host, timeout.Error())
		}))
	}
	return err
}

// tpmMovesSince is the service version since which nova-compute live migrates servers with a TPM.
const tpmMovesSince = 72

// tpmMoves rejects servers with an emulated TPM, unless the host has the TPM's secret and all nova-computes can move it. Before
// 2026.1 it rejects all of them.
func (o *Ops) tpmMoves(ctx context.Context, i *objects.Instance) error {
	if !server.HasTPM(i.Flavor, i) {
		return nil
	}
	if !o.Servers.Release.Has(release.VTPMLiveMigration) || tpmSecurity(i.Flavor) != "host" {
		return server.WithTPM(i, "live-migration")
	}
	return o.Servers.InCell(ctx, i, func(ctx context.Context, c *db.Cell) error {
		oldest, err := cell.MinimumVersion(ctx, c, "nova-compute")
		if err == nil && oldest < tpmMovesSince {
			err = objects.ErrVTPMOldCompute.Errorf(objects.KindInvalid,
				"vTPM live migration is not supported by old nova-compute services. Upgrade your nova-compute services to Gazpacho (33.0.0) or later.")
		}
		return err
	})
}
