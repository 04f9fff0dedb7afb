package move

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/hardware"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/create"
	"github.com/nova-go/nova/internal/ops/server"
	"github.com/nova-go/nova/internal/quota"
	"github.com/nova-go/nova/internal/release"
	"github.com/nova-go/nova/internal/reqctx"
)

// ResizeOptions describes a resize or a cold migration.
type ResizeOptions struct {
	Flavor         string // id; "": the current one, for a migration
	Host           string // "": any; only for migrations
	AutoDiskConfig *bool
	CrossCell      bool // allow a host in another cell
	ZeroDisk       bool // allow building servers from images if the flavor has no local disk
	Action         string
}

// resizeRequest is the state of one resize or cold migration request.
type resizeRequest struct {
	ops *Ops
	ResizeOptions
	caller      *reqctx.Caller
	i           *objects.Instance
	to          *objects.Flavor
	same        bool // the flavor does not change
	backed      bool // the root disk is a volume
	destination *objects.Destination
	numa        *objects.NUMATopology // of the new flavor
	pci         *objects.PCIRequests  // of the new flavor
}

// Resize changes the flavor of a server, or moves it to another host; its host stops it before. The server must be loaded
// with its services. Errors: ExtendedResourceRequestOldCompute, ForbiddenPortsWithAccelerator, ForbiddenWithAccelerators,
// InstanceNotReady, ServiceUnavailable, ForbiddenWithShare, CannotMigrateToSameHost, ComputeHostNotFound,
// AutoDiskConfigDisabledByImage, FlavorNotFound, CannotResizeDisk, CannotResizeToSameFlavor, TooManyInstances and those of
// a flavor that is too small for the image.
func (o *Ops) Resize(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, opts ResizeOptions) error {
	checks := []func() error{
		func() error { return o.Servers.WithResourceGroups(ctx, i) },
		func() error { return server.WithPortAccelerator(i) },
		func() error { return server.WithAccelerator(i) },
		func() error { return server.Guard{VM: []string{"active", "stopped"}}.Check(caller, i, opts.Action) },
		func() error { return o.Servers.HostUp(i) },
	}
	if o.Servers.Release.Has(release.SharesAtResize) {
		checks = append(checks, func() error { return o.shareMoves(ctx, i) })
	} else {
		checks = slices.Insert(checks, 0, func() error { return o.Servers.WithShare(ctx, i) })
	}
	if err := server.First(checks...); err != nil {
		return err
	}
	m := &resizeRequest{ops: o, ResizeOptions: opts, caller: caller, i: i, same: true, to: i.Flavor}
	for _, step := range []func(context.Context) error{m.findDestination, m.findFlavor, m.checkFlavor} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return m.begin(ctx)
}

// sharesMove is the service version since which nova-compute can move servers with shares.
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

// findDestination finds the requested host, and decides whether the server may move to another cell: a server whose ports
// request resources of Placement may not.
func (m *resizeRequest) findDestination(ctx context.Context) error {
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
		m.destination = newDestination(n)
	}
	m.destination.CrossCell = &m.CrossCell
	return autoDiskAllowed(imageOf(m.i).Properties(), m.i.SystemMetadata["image_base_image_ref"], m.AutoDiskConfig)
}

// host returns the compute node of the requested host.
func (m *resizeRequest) host(ctx context.Context) (*objects.ComputeNode, error) {
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

func (m *resizeRequest) findFlavor(ctx context.Context) error {
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

// checkFlavor checks a new flavor against the image.
func (m *resizeRequest) checkFlavor(context.Context) error {
	if m.same {
		return nil
	}
	image := imageOf(m.i)
	if !m.backed {
		if err := create.CheckImage(m.to, image, "", nil, m.ZeroDisk); err != nil {
			return err
		}
	}
	meta, err := hardware.ImageMeta(m.ops.Servers.Release, image)
	if err != nil {
		return err
	}
	if err := hardware.Check(m.ops.Servers.Release, m.to, meta); err != nil {
		return err
	}
	if m.numa, err = hardware.Topology(m.ops.Servers.Release, m.to, meta); err != nil {
		return err
	}
	if m.pci, err = m.devices(); err != nil {
		return err
	}
	if m.backed && m.ops.Servers.Release.Has(release.VolumeBackedMinRAM) && m.to.MemoryMB < image.MinRAM {
		return objects.ErrFlavorMemoryTooSmall.Errorf(objects.KindInvalid, "Flavor's memory is too small for requested image.")
	}
	return m.sameSecrets()
}

// devices returns the PCI requests of the new flavor. Nova ignores the flavor's NUMA affinity policy for them in a resize.
func (m *resizeRequest) devices() (*objects.PCIRequests, error) {
	f := *m.to
	f.ExtraSpecs = maps.Clone(f.ExtraSpecs)
	delete(f.ExtraSpecs, "hw:pci_numa_affinity_policy")
	return m.ops.Aliases.Devices(&f, nil, uuid.NewString)
}

// sameSecrets rejects a change of the flavor between the TPM secret security "deployment" and another one, which flavors have
// since 2026.1.
func (m *resizeRequest) sameSecrets() error {
	if !m.ops.Servers.Release.Has(release.VTPMLiveMigration) || !server.HasTPM(m.i.Flavor, m.i) || !server.HasTPM(m.to, m.i) {
		return nil
	}
	from, to := tpmSecurity(m.i.Flavor), tpmSecurity(m.to)
	if from != to && (from == "deployment" || to == "deployment") {
		return objects.ErrOperationNotSupportedForVTPM.Errorf(objects.KindNotSupported,
			"Resize between 'deployment' TPM secret security and other TPM secret security modes is not supported.")
	}
	return nil
}

// tpmSecurity returns the TPM secret security of a flavor: who can read the secret of a server's TPM.
func tpmSecurity(f *objects.Flavor) string {
	if s := f.ExtraSpecs["hw:tpm_secret_security"]; s != "" {
		return s
	}
	return "user"
}

// begin saves the server and sends the resize to the conductor.
func (m *resizeRequest) begin(ctx context.Context) error {
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
		i.SystemMetadata["image_base_image_ref"] = i.ImageRef // servers from old releases may not have it
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

// needs writes the NUMA topology and the PCI requests of the new flavor to the request spec. PCI requests of ports remain.
func (m *resizeRequest) needs(spec *objects.RequestSpec) {
	m.pci.InstanceUUID = m.i.UUID
	if spec.PCIRequests != nil {
		for _, r := range spec.PCIRequests.Requests {
			if objects.OrZero(r.Alias) == "" { // a request of a port
				m.pci.Requests = append(m.pci.Requests, r)
			}
		}
	}
	spec.NUMATopology, spec.PCIRequests = m.numa, m.pci
	spec.Change("numa_topology", "pci_requests")
}

// movesToItself is the trait of compute nodes that can cold migrate a server to themselves.
const movesToItself = "COMPUTE_SAME_HOST_COLD_MIGRATE"

// mayStay reports whether the scheduler may choose the current host of the server.
func (m *resizeRequest) mayStay(ctx context.Context) (bool, error) {
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
		return false, undeclaredError(err)
	}
	return m.ops.Servers.Services.Allocations.HasTrait(ctx, m.caller, node, movesToItself)
}
