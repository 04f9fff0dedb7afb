package move

import (
	"context"
	"errors"
	"maps"

	"github.com/google/uuid"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/hardware"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/create"
	"github.com/nova-go/nova/internal/ops/server"
	"github.com/nova-go/nova/internal/quota"
	"github.com/nova-go/nova/internal/reqctx"
)

// ResizeOptions say what a server becomes, and what its caller may do.
type ResizeOptions struct {
	Flavor         string // id; "": that which it has, for a migration
	Host           string // "": any; only for migrations
	AutoDiskConfig *bool
	CrossCell      bool // it may be moved to another cell
	ZeroDisk       bool // servers without a local disk may be made of images
	Action         string
}

// move is one resize or migration under way.
type move struct {
	ops *Ops
	ResizeOptions
	caller      *reqctx.Caller
	i           *objects.Instance
	to          *objects.Flavor
	same        bool // the flavor is the one that it has
	backed      bool // the server is on a volume
	destination *objects.Destination
	numa        *objects.NUMATopology // that a new flavor asks for
	pci         *objects.PCIRequests  // that a new flavor asks for
}

// Resize moves a server that is off, or that its host will turn off, to another host
// or flavor. The server needs its services. Errors:
// ExtendedResourceRequestOldCompute, ForbiddenPortsWithAccelerator,
// ForbiddenWithAccelerators, InstanceNotReady, ServiceUnavailable, ForbiddenWithShare,
// CannotMigrateToSameHost, ComputeHostNotFound, AutoDiskConfigDisabledByImage,
// FlavorNotFound, CannotResizeDisk, CannotResizeToSameFlavor, TooManyInstances and
// those of a flavor that the image is too large for.
func (o *Ops) Resize(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, opts ResizeOptions) error {
	err := server.First(
		func() error { return o.Servers.WithResourceGroups(ctx, i) },
		func() error { return server.WithPortAccelerator(i) },
		func() error { return server.WithAccelerator(i) },
		func() error { return server.Guard{VM: []string{"active", "stopped"}}.Check(caller, i, opts.Action) },
		func() error { return o.Servers.HostUp(i) },
		func() error { return o.shareMoves(ctx, i) },
	)
	if err != nil {
		return err
	}
	m := &move{ops: o, ResizeOptions: opts, caller: caller, i: i, same: true, to: i.Flavor}
	for _, step := range []func(context.Context) error{m.findDestination, m.findFlavor, m.checkFlavor} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return m.begin(ctx)
}

// sharesMove is the service version of nova-computes that can move servers with
// shares.
const sharesMove = 74

func (o *Ops) shareMoves(ctx context.Context, i *objects.Instance) error {
	err := o.Servers.WithShare(ctx, i)
	if !errors.Is(err, objects.ErrForbiddenWithShare) {
		return err
	}
	oldest, err := o.Servers.OldestCompute(ctx)
	if err != nil || oldest >= sharesMove {
		return err
	}
	return objects.ErrForbiddenWithShare.Errorf(objects.KindConflict,
		"Cold migration and resize with shares requires all compute services to be at service version %d or later.", sharesMove)
}

// findDestination finds the host that is asked for, and whether the server may leave
// its cell: one with ports that ask for resources may not.
func (m *move) findDestination(ctx context.Context) error {
	if m.CrossCell {
		asked, err := m.ops.Ports.PortRequests(ctx, m.i.UUID)
		if err != nil {
			return err
		}
		m.CrossCell = len(asked.Resources) == 0
	}
	m.destination = &objects.Destination{}
	if m.Host != "" {
		n, err := m.host(ctx)
		if err != nil {
			return err
		}
		m.destination = destination(n)
	}
	m.destination.CrossCell = &m.CrossCell
	return autoDiskAllowed(imageOf(m.i).Properties(), m.i.SystemMetadata["image_base_image_ref"], m.AutoDiskConfig)
}

// host is the node of the host that is asked for.
func (m *move) host(ctx context.Context) (*objects.ComputeNode, error) {
	if m.Host == objects.OrZero(m.i.Host) {
		return nil, objects.ErrCannotMigrateToSameHost.Errorf(objects.KindInvalid, "Cannot migrate to the host where the server exists.")
	}
	if !m.CrossCell {
		return m.ops.node(ctx, m.i, m.Host)
	}
	var n *objects.ComputeNode
	ok, err := m.ops.inCellOf(ctx, m.Host, func(ctx context.Context, c *db.Cell) error {
		var err error
		n, err = nodeIn(ctx, c, m.Host)
		return err
	})
	if err == nil && !ok {
		err = errNoHost(m.Host)
	}
	return n, err
}

func (m *move) findFlavor(ctx context.Context) error {
	if m.Flavor == "" {
		return nil
	}
	var err error
	if m.to, err = m.ops.Flavors.Get(ctx, m.Flavor, m.caller.ProjectID, m.caller.IsAdmin); err != nil {
		return err
	}
	if m.to.ExtraSpecs["accel:device_profile"] != "" {
		return objects.ErrForbiddenWithAccelerators.Errorf(objects.KindNotSupported,
			"Feature not supported with instances that have accelerators.")
	}
	devices, err := m.ops.Servers.Devices(ctx, m.i)
	if err != nil {
		return err
	}
	m.backed = server.VolumeBacked(m.i, devices)
	if m.to.RootGB == 0 && m.i.Flavor.RootGB != 0 && !m.backed {
		return objects.ErrCannotResizeDisk.Errorf(objects.KindInvalid,
			"Server disk was unable to be resized because: Resize to zero disk flavor is not allowed.")
	}
	m.same = m.to.ID == m.i.Flavor.ID
	switch {
	case !m.same && m.to.Disabled:
		return objects.FlavorNotFound(m.Flavor)
	case m.same:
		return objects.ErrCannotResizeToSameFlavor.Errorf(objects.KindInvalid, "When resizing, instances must change flavor!")
	}
	if err := m.ops.Quota.Beside(ctx, m.caller, quota.Taker{Owner: ownerOf(m.i), Flavor: m.to, VolumeBacked: m.backed}); err != nil {
		return err
	}
	return m.ops.roomFor(ctx, m.i, m.i.Flavor, m.to)
}

// checkFlavor holds a new flavor against the image.
func (m *move) checkFlavor(context.Context) error {
	if m.same {
		return nil
	}
	image := imageOf(m.i)
	if !m.backed {
		if err := create.CheckImage(m.to, image, "", nil, m.ZeroDisk); err != nil {
			return err
		}
	}
	meta, err := hardware.ImageMeta(image)
	if err != nil {
		return err
	}
	if err := hardware.Check(m.to, meta); err != nil {
		return err
	}
	if m.numa, err = hardware.Topology(m.to, meta); err != nil {
		return err
	}
	if m.pci, err = m.devices(); err != nil {
		return err
	}
	if m.backed && m.to.MemoryMB < image.MinRAM {
		return objects.ErrFlavorMemoryTooSmall.Errorf(objects.KindInvalid, "Flavor's memory is too small for requested image.")
	}
	return m.sameSecrets()
}

// devices are the PCI devices that the new flavor names. Nova forgets its NUMA policy
// for them in a resize.
func (m *move) devices() (*objects.PCIRequests, error) {
	f := *m.to
	f.ExtraSpecs = maps.Clone(f.ExtraSpecs)
	delete(f.ExtraSpecs, "hw:pci_numa_affinity_policy")
	return m.ops.Aliases.Devices(&f, nil, uuid.NewString)
}

// sameSecrets refuses a flavor whose TPM keeps its secret with the deployment where
// the old one did not, or the other way round.
func (m *move) sameSecrets() error {
	if !server.HasTPM(m.i.Flavor, m.i) || !server.HasTPM(m.to, m.i) {
		return nil
	}
	from, to := tpmSecurity(m.i.Flavor), tpmSecurity(m.to)
	if from != to && (from == "deployment" || to == "deployment") {
		return objects.ErrOperationNotSupportedForVTPM.Errorf(objects.KindNotSupported,
			"Resize between 'deployment' TPM secret security and other TPM secret security modes is not supported.")
	}
	return nil
}

// tpmSecurity is who can read the secret of a server's TPM.
func tpmSecurity(f *objects.Flavor) string {
	if s := f.ExtraSpecs["hw:tpm_secret_security"]; s != "" {
		return s
	}
	return "user"
}

// begin writes the move down and hands it to the conductor.
func (m *move) begin(ctx context.Context) error {
	i := m.i
	same, err := m.mayStay(ctx)
	if err != nil {
		return err
	}
	ignore := []string{}
	if !same {
		ignore = append(ignore, objects.OrZero(i.Host))
	}
	spec, err := m.ops.spec(ctx, i)
	if err != nil {
		return err
	}
	spec.IgnoreHosts = ignore
	spec.Change("ignore_hosts")
	if !m.same {
		m.needs(spec)
	}
	err = m.ops.Servers.Save(ctx, i, []string{""}, func(i *objects.Instance) {
		i.SystemMetadata["image_base_image_ref"] = i.ImageRef // servers of old may not have it
		i.TaskState, i.Progress = new("resize_prep"), new(int64)
		i.AutoDiskConfig = m.AutoDiskConfig != nil && *m.AutoDiskConfig
	})
	if err != nil {
		return err
	}
	action := "resize"
	if m.Flavor == "" {
		action = "migrate"
	}
	if err := m.ops.Servers.Record(ctx, m.caller, i, action); err != nil {
		return err
	}
	spec.Destination = m.destination
	spec.Change("requested_destination")
	return m.ops.Servers.Conductor.Resize(ctx, m.caller, i, spec, m.to, ignore)
}

// needs puts what the new flavor asks of a host into the request spec; PCI devices
// of ports stay.
func (m *move) needs(spec *objects.RequestSpec) {
	m.pci.InstanceUUID = m.i.UUID
	if spec.PCIRequests != nil {
		for _, r := range spec.PCIRequests.Requests {
			if objects.OrZero(r.Alias) == "" { // it is a port's
				m.pci.Requests = append(m.pci.Requests, r)
			}
		}
	}
	spec.NUMATopology, spec.PCIRequests = m.numa, m.pci
	spec.Change("numa_topology", "pci_requests")
}

// movesToItself is the trait of hypervisors that can take a server from themselves.
const movesToItself = "COMPUTE_SAME_HOST_COLD_MIGRATE"

// mayStay tells whether the scheduler may choose the host that the server is on.
func (m *move) mayStay(ctx context.Context) (bool, error) {
	if !m.same {
		return m.ops.SameHost, nil
	}
	var node string
	err := m.ops.Servers.InCell(ctx, m.i, func(ctx context.Context, c *db.Cell) error {
		var err error
		node, err = cell.NodeUUID(ctx, c, objects.OrZero(m.i.Host), objects.OrZero(m.i.Node))
		return err
	})
	if err != nil {
		return false, undeclared(err)
	}
	return m.ops.Servers.Services.Allocations.HasTrait(ctx, m.caller, node, movesToItself)
}
