package create

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/hardware"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/pytext"
	"github.com/nova-go/nova/internal/release"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/rest/cinder"
)

const gib = 1 << 30

// checkCounts rejects fixed IPs, ports and host names in requests for several servers.
func checkCounts(r *Request) error {
	if r.Networks != nil && r.Max > 1 {
		for _, n := range r.Networks.List {
			if n.NetworkID != nil && n.Address != nil {
				return objects.ErrInvalidFixedIPAndMaxCountRequest.Errorf(objects.KindInvalid,
					"Failed to launch instances: max_count cannot be greater than 1 if an fixed_ip is specified.")
			}
		}
		for _, n := range r.Networks.List {
			if n.PortID != nil {
				return objects.ErrMultiplePortsNotApplicable.Errorf(objects.KindInvalid,
					"Failed to launch instances: Unable to launch multiple instances with a single configured port ID. Please launch your instance one "+
						"by one with different ports.")
			}
		}
	}
	if r.Hostname != nil && *r.Hostname != "" && r.Max > 1 {
		return objects.ErrAmbiguousHostnameForMultipleInstances.Errorf(objects.KindInvalid,
			"Unable to allocate a single hostname to multiple instances")
	}
	return nil
}

// checkUserData checks that the user data is base64.
func checkUserData(data *string) error {
	if data == nil {
		return nil
	}
	if _, err := pytext.DecodeBase64(*data); err != nil {
		return objects.ErrInstanceUserDataMalformed.Errorf(objects.KindInvalid, "User data needs to be valid base 64.")
	}
	return nil
}

// checkAutoDisk rejects automatic disk configuration if the image disables it.
func checkAutoDisk(image *objects.Image, auto *bool) error {
	if auto != nil && *auto && strings.EqualFold(image.Property("auto_disk_config"), "disabled") {
		return objects.ErrAutoDiskConfigDisabledByImage.Errorf(objects.KindInvalid, "Requested image %s has automatic disk resize disabled.",
			image.ID)
	}
	return nil
}

// soundModels is the services.version of nova-compute that brought models of sound devices.
const soundModels = 69

// CheckSound rejects an unknown model of a sound device, and any model while a nova-compute is too old for it. Nova lacks the
// class of the latter error, and fails with an AttributeError.
func CheckSound(ctx context.Context, cells cell.Everywhere, r release.Release, f *objects.Flavor, image *objects.ImageMeta) error {
	model, err := hardware.SoundModel(r, f, image)
	if err != nil || model == "" {
		return err
	}
	oldest, err := cells.MinimumVersion(ctx, "nova-compute")
	if err == nil && oldest < soundModels {
		err = objects.ClassNamed("builtins.AttributeError").Errorf(0, "module 'nova.exception' has no attribute 'SoundModelRequestOldCompute'")
	}
	return err
}

// CheckImage checks that a server of the flavor can be built from an image. root is its root device. id is "" if image is
// the source of a volume.
func CheckImage(f *objects.Flavor, image *objects.Image, id string, root *Device, zeroDisk bool) error {
	if image.Property("cinder_encryption_key_id") != "" && id != "" {
		return objects.ErrImageUnacceptable.Errorf(objects.KindInvalid,
			"Image %s is unacceptable: Direct booting of an image uploaded from an encrypted volume is unsupported.", id)
	}
	if len(image.Raw) == 0 {
		return nil
	}
	if image.Status != "active" {
		return objects.ErrImageNotActive.Errorf(objects.KindInvalid, "Image %s is not active.", id)
	}
	if drive, ok := image.Properties()["img_config_drive"]; ok && drive != "optional" && drive != "mandatory" {
		return objects.ErrInvalidImageConfigDrive.Errorf(objects.KindInvalid, "Image's config drive option '%v' is invalid", drive)
	}
	if f.MemoryMB < image.MinRAM {
		return objects.ErrFlavorMemoryTooSmall.Errorf(objects.KindInvalid, "Flavor's memory is too small for requested image.")
	}
	least := image.MinDisk * gib
	if root != nil && root.Destination == "volume" {
		if root.Size != nil && least > *root.Size*gib {
			return objects.ErrVolumeSmallerThanMinDisk.Errorf(objects.KindInvalid,
				"Volume is smaller than the minimum size specified in image metadata. Volume size is %d bytes, minimum size is %d bytes.",
				*root.Size*gib, least)
		}
		return nil
	}
	disk := f.RootGB * gib
	switch {
	case disk == 0 && !zeroDisk:
		return objects.ErrBootFromVolumeRequiredForZeroDiskFlavor.Errorf(objects.KindForbidden,
			"Only volume-backed servers are allowed for flavors with zero disk.")
	case disk == 0:
	case image.Size > disk:
		return objects.ErrFlavorDiskSmallerThanImage.Errorf(objects.KindInvalid,
			"Flavor's disk is too small for requested image. Flavor disk is %d bytes, image is %d bytes.", disk, image.Size)
	case least > disk:
		return objects.ErrFlavorDiskSmallerThanMinDisk.Errorf(objects.KindInvalid,
			"Flavor's disk is smaller than the minimum size specified in image metadata. Flavor disk is %d bytes, minimum size is %d bytes.", disk,
			least)
	}
	return nil
}

// checkZone checks that an enabled service is in an availability zone.
func (b *Builder) checkZone(ctx context.Context, zone string) error {
	services, err := b.everywhere().Services(ctx, allServices)
	if err != nil {
		return err
	}
	zones, err := b.o.Zones.ByHost(ctx)
	if err != nil {
		return err
	}
	for _, s := range services {
		at := b.o.InternalZone
		if s.Binary == "nova-compute" {
			at = b.o.Zones.Of(zones, s.Host)
		}
		if !s.Disabled && at == zone {
			return nil
		}
	}
	return objects.ErrInvalidRequest.Errorf(objects.KindInvalid, "The requested availability zone is not available")
}

// volumeZone applies [cinder] cross_az_attach. It returns the availability zone of the servers, which is that of their
// volumes if the request has none.
func (b *Builder) volumeZone(zone *string, volumes map[string]*cinder.Volume) (*string, error) {
	if b.o.CrossZoneAttach || len(volumes) == 0 {
		return zone, nil
	}
	var zones []string
	for _, v := range volumes {
		zones = append(zones, objects.OrZero(v.AvailabilityZone))
	}
	mismatch := func(reason string) error {
		return objects.ErrMismatchVolumeAZException.Errorf(objects.KindInvalid,
			"The availability zone between the server and its attached volumes do not match: %s.", reason)
	}
	if slices.ContainsFunc(zones, func(z string) bool { return z != zones[0] }) {
		return nil, mismatch("Volumes are in different availability zones: " + strings.Join(zones, ","))
	}
	switch {
	case zone == nil && zones[0] != b.o.DefaultZone:
		return &zones[0], nil
	case zone != nil && *zone != zones[0]:
		return nil, mismatch(fmt.Sprintf("Server and volumes are not in the same availability zone. Server is in: %s. Volumes are in: %s",
			*zone, zones[0]))
	}
	return zone, nil
}

// checkDevices checks the block devices of one server, and reserves its volumes in Cinder.
func (b *Builder) checkDevices(ctx context.Context, caller *reqctx.Caller, r *Request, server string, devices []*Device,
	volumes map[string]*cinder.Volume) error {
	var boots []int64
	for _, d := range devices {
		if d.BootIndex != nil && *d.BootIndex >= 0 {
			boots = append(boots, *d.BootIndex)
		}
	}
	slices.Sort(boots)
	for n, index := range boots {
		if int64(n) != index {
			boots = nil
		}
	}
	if len(boots) == 0 {
		return errInvalidDevice(objects.ErrInvalidBDMBootSequence, "Block Device Mapping is Invalid: Boot sequence for the instance and "+
			"image/block device mapping combination is not valid.")
	}
	var types map[string]string
	for _, d := range devices {
		if d.VolumeType != nil && *d.VolumeType != "" {
			var err error
			if types == nil {
				if types, err = b.o.Volumes.Types(ctx, caller); err != nil {
					return err
				}
			}
			if err := setVolumeType(d, types); err != nil {
				return err
			}
		}
		if err := b.checkDevice(ctx, caller, r, server, d, volumes); err != nil {
			return err
		}
	}
	return b.checkLocal(r.Flavor, devices)
}

func setVolumeType(d *Device, types map[string]string) error {
	for id, name := range types {
		if *d.VolumeType == id || *d.VolumeType == name {
			d.VolumeType = &name
			return nil
		}
	}
	return objects.ErrVolumeTypeNotFound.Errorf(objects.KindInvalid, "Volume type %s could not be found.", *d.VolumeType)
}

// diskBuses are the disk_bus values that Nova accepts.
var diskBuses = []string{"fdc", "ide", "sata", "scsi", "usb", "virtio", "xen", "lxc", "uml"}

// invalidBDM is how Nova's errors about block device mappings begin.
const invalidBDM = "Block Device Mapping is Invalid: "

// checkDevice checks the source of a device: that image, volume or snapshot exist and can be
// used. A volume gets its attachment in Cinder.
func (b *Builder) checkDevice(ctx context.Context, caller *reqctx.Caller, r *Request, server string, d *Device,
	volumes map[string]*cinder.Volume) error {
	var err error
	switch {
	case d.ImageID != nil:
		err = b.checkImageDevice(ctx, caller, r, d)
	case d.VolumeID != nil:
		err = b.attachDevice(ctx, caller, r, server, d, volumes[*d.VolumeID])
	case d.SnapshotID != nil:
		err = b.checkSnapshotDevice(ctx, caller, d)
	case d.Source == "blank" && d.Destination == "volume" && d.sizeless():
		err = errInvalidDevice(objects.ErrInvalidBDM, "Blank volumes (source: 'blank', dest: 'volume') need to have non-zero size")
	}
	if err == nil && d.Bus != nil && *d.Bus != "" && !slices.Contains(diskBuses, *d.Bus) {
		err = errInvalidDevice(objects.ErrInvalidBDMDiskBus, "Block Device Mapping is Invalid.")
	}
	return err
}

// sizeless tells whether no size was given, or 0.
func (d *Device) sizeless() bool { return d.Size == nil || *d.Size == 0 }

func (b *Builder) checkImageDevice(ctx context.Context, caller *reqctx.Caller, r *Request, d *Device) error {
	if *d.ImageID != r.Image {
		if _, err := b.o.Images.Image(ctx, caller, *d.ImageID); err != nil {
			return errInvalidDevice(objects.ErrInvalidBDMImage, invalidBDM+"failed to get image "+*d.ImageID+".")
		}
	}
	if d.Source == "image" && d.Destination == "volume" && d.sizeless() {
		return errInvalidDevice(objects.ErrInvalidBDM, "Images with destination_type 'volume' need to have a non-zero size specified")
	}
	return nil
}

func (b *Builder) attachDevice(ctx context.Context, caller *reqctx.Caller, r *Request, server string, d *Device, v *cinder.Volume) error {
	if v.Multiattach && !r.Multiattach {
		return errInvalidDevice(objects.ErrMultiattachNotSupportedOldMicroversion,
			"Multiattach volumes are only supported starting with compute API version 2.60.")
	}
	attachment, err := b.o.Volumes.CreateAttachment(ctx, caller, v.ID, server, nil)
	switch {
	case errors.Is(err, objects.ErrCinderConnectionFailed), errors.Is(err, objects.ErrInvalidVolume):
		return err
	case errors.Is(err, objects.ErrInvalidInput):
		return objects.ErrInvalidVolume.Errorf(objects.KindInvalid, "Invalid volume: %s", err)
	case err != nil:
		return errInvalidDevice(objects.ErrInvalidBDMVolume, invalidBDM+"failed to get volume "+v.ID+".")
	}
	d.AttachmentID, d.Size = &attachment.ID, &v.Size
	return nil
}

func (b *Builder) checkSnapshotDevice(ctx context.Context, caller *reqctx.Caller, d *Device) error {
	s, err := b.o.Volumes.Snapshot(ctx, caller, *d.SnapshotID)
	switch {
	case errors.Is(err, objects.ErrCinderConnectionFailed):
		return err
	case err != nil:
		return errInvalidDevice(objects.ErrInvalidBDMSnapshot, invalidBDM+"failed to get snapshot "+*d.SnapshotID+".")
	case d.sizeless():
		d.Size = &s.Size
	}
	return nil
}

// checkLocal compares the local devices with the flavor and [DEFAULT] max_local_block_devices.
func (b *Builder) checkLocal(f *objects.Flavor, devices []*Device) error {
	var ephemeral int64
	var swaps []*Device
	local := 0
	for _, d := range devices {
		switch {
		case d.swap():
			swaps = append(swaps, d)
		case d.ephemeral() && d.Size != nil && *d.Size != 0:
			ephemeral += *d.Size
		case d.ephemeral():
			ephemeral += f.EphemeralGB
		}
		if d.local() {
			local++
		}
	}
	switch {
	case ephemeral > f.EphemeralGB:
		return errInvalidDevice(objects.ErrInvalidBDMEphemeralSize, "Ephemeral disks requested are larger than the instance type allows. If no "+
			"size is given in one block device mapping, flavor ephemeral size will be used.")
	case len(swaps) > 1:
		return errInvalidFormat("More than one swap drive requested.")
	case len(swaps) == 1 && swaps[0].Size != nil && *swaps[0].Size > f.Swap:
		return errInvalidDevice(objects.ErrInvalidBDMSwapSize, "Swap drive requested is larger than instance type allows.")
	case b.o.MaxLocalDevices >= 0 && local > b.o.MaxLocalDevices:
		return errInvalidDevice(objects.ErrInvalidBDMLocalsLimit,
			"Block Device Mapping is Invalid: You specified more local devices than the limit allows")
	}
	return nil
}
