package move

import (
	"context"

	"github.com/google/uuid"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/server"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/rpc/conductorrpc"
)

// EvacuateOptions describes how a server is evacuated.
type EvacuateOptions struct {
	Host     *string // nil: the scheduler chooses one
	Password *string // nil: the password of the disk, if the disk is kept
	// SharedStorage says whether the new host can access the old disk; nil lets the new host find out.
	SharedStorage *bool
	// Force uses Host without asking the scheduler. nil is the behaviour before microversion 2.29, where clients could not specify
	// it.
	Force   *bool
	Stopped bool // the server is stopped after the evacuation
}

// Evacuate rebuilds a server whose host is down on another host. It ignores the server's lock. Errors: ForbiddenWithShare,
// ExtendedResourceRequestOldCompute, ForbiddenPortsWithAccelerator, OperationNotSupportedForVTPM, ComputeServiceInUse.
func (o *Ops) Evacuate(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, opts EvacuateOptions) error {
	err := server.First(
		func() error { return o.Servers.WithShare(ctx, i) },
		func() error { return o.Servers.WithResourceGroups(ctx, i) },
		func() error { return server.WithPortAccelerator(i) },
		func() error { return server.WithTPM(i, "evacuate") },
		func() error {
			return server.Guard{VM: []string{"active", "stopped", "error"}, AnyTask: true}.States(i, "evacuate")
		},
	)
	if err != nil {
		return err
	}
	from, err := o.service(ctx, i, objects.OrZero(i.Host))
	if err != nil {
		return err
	}
	if from == nil {
		return undeclaredError(errNoHost(objects.OrZero(i.Host)))
	}
	if o.Servers.Up(from) {
		return objects.ErrComputeServiceInUse.Errorf(objects.KindInvalid, "Compute service of %s is still in use.", objects.OrZero(i.Host))
	}
	spec, err := o.spec(ctx, i)
	if err != nil {
		return err
	}
	if err := o.Servers.Begin(ctx, caller, i, nil, "rebuilding", "evacuate"); err != nil {
		return err
	}
	if err := o.leaveTrace(ctx, caller, i, opts.Host); err != nil {
		return err
	}
	o.Servers.Announce(ctx, caller, "evacuate", i)
	message := conductorrpc.Rebuild{Password: opts.Password, Evacuate: true, SharedStorage: opts.SharedStorage, Host: opts.Host, Spec: spec}
	if opts.Stopped {
		message.TargetVMState = new("stopped")
	}
	if opts.Force != nil && !*opts.Force && objects.OrZero(opts.Host) != "" { // the scheduler checks the requested host
		n, err := o.node(ctx, i, *opts.Host)
		if err != nil {
			return undeclaredError(err)
		}
		spec.Destination = newDestination(n)
		spec.Change("requested_destination")
		message.Host = nil
	}
	return o.Servers.Conductor.Rebuild(ctx, caller, i, message)
}

// leaveTrace writes the migration record from which the old host, after it starts again, learns that it must delete its
// copy of the server.
func (o *Ops) leaveTrace(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, to *string) error {
	m := &objects.Migration{UUID: new(uuid.NewString()), InstanceUUID: i.UUID, SourceCompute: i.Host, SourceNode: i.Node,
		UserID: &caller.UserID, ProjectID: &caller.ProjectID}
	if objects.OrZero(to) != "" {
		m.DestCompute = to
	}
	return o.Servers.InCell(ctx, i, func(ctx context.Context, c *db.Cell) error { return cell.CreateEvacuation(ctx, c, m) })
}

// HostExists reports whether a host has a nova-compute, in any cell.
func (o *Ops) HostExists(ctx context.Context, host string) (bool, error) {
	var s *objects.Service
	_, err := o.inCellOf(ctx, host, func(ctx context.Context, c *db.Cell) error {
		var err error
		s, err = serviceIn(ctx, c, host)
		return err
	})
	return s != nil, err
}
