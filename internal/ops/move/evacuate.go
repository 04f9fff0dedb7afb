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

// EvacuateOptions say how a server is made anew on another host.
type EvacuateOptions struct {
	Host     *string // nil: the scheduler finds one
	Password *string // nil: that of the disk, which is kept
	// SharedStorage says whether the new host sees the old disk; nil is for it to
	// find out.
	SharedStorage *bool
	// Force takes the host without asking the scheduler; nil is what clients meant
	// before they could say.
	Force   *bool
	Stopped bool // it is off on its new host
}

// Evacuate makes a server whose host is down anew on another one. Locks do not
// matter. Errors: ForbiddenWithShare, ExtendedResourceRequestOldCompute, ForbiddenPortsWithAccelerator,
// OperationNotSupportedForVTPM, ComputeServiceInUse.
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
		return undeclared(errNoHost(objects.OrZero(i.Host)))
	}
	if from.Up(o.Servers.Now(), o.Servers.DownTime) {
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
	if opts.Force != nil && !*opts.Force && objects.OrZero(opts.Host) != "" { // the scheduler checks that host
		n, err := o.node(ctx, i, *opts.Host)
		if err != nil {
			return undeclared(err)
		}
		spec.Destination = destination(n)
		spec.Change("requested_destination")
		message.Host = nil
	}
	return o.Servers.Conductor.Rebuild(ctx, caller, i, message)
}

// leaveTrace writes the migration by which the old host, once it is up again, knows
// what it has to clean up.
func (o *Ops) leaveTrace(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, to *string) error {
	m := &objects.Migration{UUID: new(uuid.NewString()), InstanceUUID: i.UUID, SourceCompute: i.Host, SourceNode: i.Node,
		UserID: &caller.UserID, ProjectID: &caller.ProjectID}
	if objects.OrZero(to) != "" {
		m.DestCompute = to
	}
	return o.Servers.InCell(ctx, i, func(ctx context.Context, c *db.Cell) error { return cell.CreateEvacuation(ctx, c, m) })
}

// HostExists tells whether a host has a nova-compute, in whatever cell.
func (o *Ops) HostExists(ctx context.Context, host string) (bool, error) {
	var s *objects.Service
	_, err := o.inCellOf(ctx, host, func(ctx context.Context, c *db.Cell) error {
		var err error
		s, err = serviceIn(ctx, c, host)
		return err
	})
	return s != nil, err
}
