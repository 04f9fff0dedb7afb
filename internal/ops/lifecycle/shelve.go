package lifecycle

import (
	"context"
	"slices"

	"github.com/nova-go/nova/internal/db"
	dbapi "github.com/nova-go/nova/internal/db/api"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/server"
	"github.com/nova-go/nova/internal/quota"
	"github.com/nova-go/nova/internal/reqctx"
)

// Shelve powers a server off and uploads its disk to an image. A server whose root disk is a volume has no image and is
// offloaded immediately.
func (o *Ops) Shelve(ctx context.Context, caller *reqctx.Caller, i *objects.Instance) error {
	err := server.First(
		func() error { return o.Servers.WithShare(ctx, i) },
		func() error { return server.WithPortAccelerator(i) },
		func() error { return server.WithTPM(i, "shelve") },
		func() error { return server.Guard{VM: snapshotStates}.Check(caller, i, "shelve") },
	)
	if err != nil {
		return err
	}
	err = o.Servers.Save(ctx, i, []string{""}, func(i *objects.Instance) {
		i.TaskState = new("shelving")
		i.SystemMetadata["image_base_image_ref"] = i.ImageRef // unshelve reads it
	})
	if err != nil {
		return err
	}
	if err := o.Servers.Record(ctx, caller, i, "shelve"); err != nil {
		return err
	}
	accelerators, err := o.accelerators(ctx, caller, i)
	if err != nil {
		return err
	}
	devices, err := o.Servers.Devices(ctx, i)
	if err != nil {
		return err
	}
	if server.VolumeBacked(i, devices) {
		return o.Servers.Compute.ShelveOffload(ctx, caller, i, accelerators)
	}
	image, err := o.reserve(ctx, caller, i, objects.OrZero(i.DisplayName)+"-shelved", "snapshot", nil)
	if err != nil {
		return err
	}
	return o.Servers.Compute.Shelve(ctx, caller, i, image, accelerators)
}

// accelerators returns the ids of a server's accelerator requests. The result is never nil, because the RPC message
// contains [] and not null.
func (o *Ops) accelerators(ctx context.Context, caller *reqctx.Caller, i *objects.Instance) ([]string, error) {
	if server.ExtraSpec(i, "accel:device_profile") == "" {
		return []string{}, nil
	}
	return o.Servers.Services.Accelerators.Requests(ctx, caller, i.UUID)
}

// ShelveOffload removes a shelved server from its host.
func (o *Ops) ShelveOffload(ctx context.Context, caller *reqctx.Caller, i *objects.Instance) error {
	if err := server.WithPortAccelerator(i); err != nil {
		return err
	}
	if err := (server.Guard{VM: []string{"shelved"}}).Check(caller, i, "shelveOffload"); err != nil {
		return err
	}
	if err := o.Servers.Begin(ctx, caller, i, []string{""}, "shelving_offloading", "shelveOffload"); err != nil {
		return err
	}
	accelerators, err := o.accelerators(ctx, caller, i)
	if err != nil {
		return err
	}
	return o.Servers.Compute.ShelveOffload(ctx, caller, i, accelerators)
}

// UnshelveOptions says where an offloaded server is unshelved.
type UnshelveOptions struct {
	// Zone is the availability zone that the server is pinned to. A pointer to nil unpins it; nil keeps the current one.
	Zone **string
	Host string // "": any
	// ToHost is called before Host is checked. It returns an error if the caller may not choose the host.
	ToHost func() error
}

// Unshelve restores a shelved server on a host. Errors: UnshelveInstanceInvalidState, UnshelveHostNotInAZ,
// MismatchVolumeAZException, InvalidRequest, ComputeHostNotFound, ExtendedResourceRequestOldCompute, OverQuota,
// TooManyInstances.
func (o *Ops) Unshelve(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, opts UnshelveOptions) error {
	if err := o.Servers.WithResourceGroups(ctx, i); err != nil {
		return err
	}
	if err := (server.Guard{VM: []string{"shelved", "shelved_offloaded"}}).Check(caller, i, "unshelve"); err != nil {
		return err
	}
	spec, err := dbapi.WholeRequestSpec(ctx, o.Servers.Reader.API, i.UUID)
	if err != nil {
		return err
	}
	if objects.OrZero(i.VMState) == "shelved_offloaded" {
		err := o.Servers.Limits.Unshelve(ctx, caller, spec, func() (quota.Taker, error) {
			err := o.Servers.LoadFlavor(ctx, i)
			return quotaTaker(i, nil), err
		})
		if err != nil {
			return err
		}
	}
	if err := o.unshelveTarget(ctx, caller, i, spec, opts); err != nil {
		return err
	}
	if err := dbapi.SaveRequestSpec(ctx, o.Servers.Reader.API, o.Servers.Release, spec, "availability_zone"); err != nil {
		return err
	}
	if err := o.Servers.Begin(ctx, caller, i, []string{""}, "unshelving", "unshelve"); err != nil {
		return err
	}
	return o.Servers.Conductor.Unshelve(ctx, caller, i, spec)
}

// quotaTaker returns what a server takes from quotas.
func quotaTaker(i *objects.Instance, devices []*objects.BlockDevice) quota.Taker {
	return quota.Taker{Owner: quota.Owner{Project: i.ProjectID, User: i.UserID}, Flavor: i.Flavor,
		VolumeBacked: server.VolumeBacked(i, devices)}
}

// unshelveTarget checks the zone and the host of the options and writes them to the request spec.
func (o *Ops) unshelveTarget(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, spec *objects.RequestSpec,
	opts UnshelveOptions) error {
	if (opts.Zone != nil || opts.Host != "") && objects.OrZero(i.VMState) != "shelved_offloaded" {
		return objects.ErrUnshelveInstanceInvalidState.Errorf(objects.KindConflict,
			"Specifying an availability zone or a host when unshelving server \"%s\" with status \"%s\" is not supported. The server status must "+
				"be SHELVED_OFFLOADED.", i.UUID, objects.OrZero(i.VMState))
	}
	zone := objects.OrZero(spec.AvailabilityZone)
	if opts.Zone != nil {
		zone = objects.OrZero(*opts.Zone)
		if zone != "" {
			if err := o.zoneFits(ctx, caller, i, zone); err != nil {
				return err
			}
		}
	}
	if opts.Host != "" {
		if err := o.hostFits(ctx, i, opts, zone); err != nil {
			return err
		}
		spec.Destination = &objects.Destination{Host: opts.Host}
	}
	spec.AvailabilityZone = nil
	if zone != "" {
		spec.AvailabilityZone = &zone
	}
	return nil
}

// zoneFits checks that the availability zone exists, and without [cinder] cross_az_attach that the server's volumes are in
// it.
func (o *Ops) zoneFits(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, zone string) error {
	zones, err := o.availableZones(ctx)
	if err != nil {
		return err
	}
	if !slices.Contains(zones, zone) {
		return objects.ErrInvalidRequest.Errorf(objects.KindInvalid, "The requested availability zone is not available")
	}
	if o.Servers.CrossZoneAttach {
		return nil
	}
	devices, err := o.Servers.Devices(ctx, i)
	if err != nil {
		return err
	}
	for _, d := range devices {
		id := objects.OrZero(d.VolumeID)
		if !d.OnVolume() || id == "" {
			continue
		}
		v, err := o.Servers.Services.Volumes.Volume(ctx, caller, id, "")
		if err != nil {
			return err
		}
		if objects.OrZero(v.AvailabilityZone) != zone {
			return objects.ErrMismatchVolumeAZException.Errorf(objects.KindConflict,
				"The availability zone between the server and its attached volumes do not match: "+
					"The specified availability zone does not match the volume %s attached to the server. Specified availability zone is %s. Volume is "+
					"in %s..", v.ID, zone, objects.OrZero(v.AvailabilityZone))
		}
	}
	return nil
}

// availableZones returns the availability zones that have a nova-compute which is up and enabled.
func (o *Ops) availableZones(ctx context.Context) ([]string, error) {
	services, err := cell.Everywhere{Cells: o.Servers.Reader.Cells}.Services(ctx, cell.ServiceQuery{Topic: "compute"})
	if err != nil {
		return nil, err
	}
	of, err := o.Servers.Reader.Zones(ctx)
	if err != nil {
		return nil, err
	}
	var zones []string
	for _, s := range services {
		if !s.Disabled && o.Servers.Up(s) && !slices.Contains(zones, of(s.Host)) {
			zones = append(zones, of(s.Host))
		}
	}
	return zones, nil
}

// hostFits checks that the caller may choose the host, and that the host is in the server's cell and in the zone.
func (o *Ops) hostFits(ctx context.Context, i *objects.Instance, opts UnshelveOptions, zone string) error {
	if err := opts.ToHost(); err != nil {
		return err
	}
	there, err := server.In(ctx, o.Servers.Reader, i, func(ctx context.Context, c *db.Cell) (bool, error) {
		return cell.HostHasNode(ctx, c,
			opts.Host)
	})
	if err != nil {
		return err
	}
	if !there {
		return objects.ErrComputeHostNotFound.Errorf(objects.KindInvalid, "Compute host %s could not be found.", opts.Host)
	}
	if zone == "" {
		return nil
	}
	of, err := o.Servers.Reader.Zones(ctx)
	if err == nil && of(opts.Host) != zone {
		err = objects.ErrUnshelveHostNotInAZ.Errorf(objects.KindConflict, "Host \"%s\" is not in the availability zone \"%s\".", opts.Host, zone)
	}
	return err
}
