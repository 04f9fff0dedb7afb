package create

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/google/uuid"

	dbapi "github.com/nova-go/nova/internal/db/api"
	"github.com/nova-go/nova/internal/hardware"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/release"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/rest/cinder"
	"github.com/nova-go/nova/internal/rpc/conductorrpc"
)

// plan contains the results of the checks of a request, before its servers are written to the database.
type plan struct {
	*Request
	caller        *reqctx.Caller
	release       release.Release
	reservation   string
	image         *objects.Image // Raw is empty if there is no image
	meta          *objects.ImageMeta
	keypair       *objects.Keypair
	groups        []string // security groups: "default" and ids
	pci           *objects.PCIRequests
	numa          *objects.NUMATopology
	placement     *NetworkPlacement       // nil: no interfaces
	profileGroups []*objects.RequestGroup // of the device profile of the flavor
	kernel        string
	ramdisk       string
	devices       []*Device
	group         *objects.ServerGroup
	volumes       map[string]*cinder.Volume
	zone          *string
	count         int
}

// Create checks a request, writes its servers to the API database and casts the build to the conductor.
func (b *Builder) Create(ctx context.Context, caller *reqctx.Caller, r *Request) (*Result, error) {
	p := &plan{Request: r, caller: caller, release: b.o.Release, reservation: reservationID(), zone: r.Zone}
	if err := checkCounts(r); err != nil {
		return nil, err
	}
	if r.Zone != nil && r.ForcedHost == "" {
		if err := b.checkZone(ctx, *r.Zone); err != nil {
			return nil, err
		}
	}
	for _, step := range []func(context.Context, *plan) error{b.findImage, b.validate, b.findDevices, b.reserveQuota} {
		if err := step(ctx, p); err != nil {
			return nil, err
		}
	}
	builds, err := b.write(ctx, p)
	if err != nil {
		return nil, err
	}
	result := &Result{ReservationID: p.reservation, AutoDiskConfig: p.autoDisk()}
	message := conductorrpc.Build{Image: p.image.Raw, Password: r.Password, Files: [][2]string{}, Networks: r.Networks,
		Devices: blockDevices(p.devices, ""), Tags: r.Tags, Servers: builds}
	if r.Image == "" && len(p.image.Raw) == 0 {
		message.Image = map[string]any{}
	}
	for _, f := range r.Files {
		message.Files = append(message.Files, [2]string{f.Path, f.Content})
	}
	for _, one := range builds {
		result.UUIDs = append(result.UUIDs, one.UUID)
		b.o.Notify.Changed(ctx, "update", one.Instance)
	}
	return result, b.o.Conductor.ScheduleAndBuild(ctx, caller, message)
}

// findImage reads the image of the servers, or of their root volume.
func (b *Builder) findImage(ctx context.Context, p *plan) error {
	var err error
	if p.Image != "" {
		if p.image, err = b.o.Images.Image(ctx, p.caller, p.Image); err != nil {
			return err
		}
	} else {
		if len(p.TrustedCerts) > 0 || len(b.o.DefaultCerts) > 0 {
			return objects.ErrCertificateValidationFailed.Errorf(objects.KindInvalid,
				"Image certificate validation is not supported when booting from volume")
		}
		if p.image, err = b.imageOfVolume(ctx, p); err != nil {
			return err
		}
	}
	return checkAutoDisk(p.image, p.AutoDiskConfig)
}

// imageOfVolume returns the image from which the root volume was created, as Cinder describes it.
func (b *Builder) imageOfVolume(ctx context.Context, p *plan) (*objects.Image, error) {
	const invalid = "Block Device Mapping is Invalid: failed to get "
	for _, d := range p.Devices {
		if p.Legacy && deviceLetter(d.Name) != "a" || !p.Legacy && !d.root() {
			continue
		}
		id := d.VolumeID
		if d.SnapshotID != nil {
			s, err := b.o.Volumes.Snapshot(ctx, p.caller, *d.SnapshotID)
			if err != nil {
				return nil, err
			}
			id = &s.VolumeID
		}
		if d.ImageID != nil {
			image, err := b.o.Images.Image(ctx, p.caller, *d.ImageID)
			if err != nil {
				return nil, errInvalidDevice(objects.ErrInvalidBDMImage, invalid+"image "+*d.ImageID+".")
			}
			return image, nil
		}
		if id == nil {
			continue
		}
		v, err := b.o.Volumes.Volume(ctx, p.caller, *id, "")
		switch {
		case errors.Is(err, objects.ErrCinderConnectionFailed):
			return nil, err
		case err != nil:
			return nil, errInvalidDevice(objects.ErrInvalidBDMVolume, invalid+"volume "+*id+".")
		case !bool(v.Bootable):
			return nil, errInvalidDevice(objects.ErrInvalidBDMVolumeNotBootable, "Block Device "+*id+" is not bootable.")
		}
		return volumeImage(v), nil
	}
	return &objects.Image{Raw: map[string]any{}}, nil
}

// volumeImage returns the image from which a volume was created, from the volume's image metadata.
func volumeImage(v *cinder.Volume) *objects.Image {
	properties := map[string]any{}
	i := &objects.Image{Status: "active", Size: v.Size * gib}
	for name, value := range v.ImageMetadata {
		switch name {
		case "min_ram":
			i.MinRAM, _ = strconv.ParseInt(value, 10, 64)
		case "min_disk":
			i.MinDisk, _ = strconv.ParseInt(value, 10, 64)
		case "container_format", "disk_format", "image_id", "image_name", "checksum", "size":
		default:
			properties[name] = value
		}
	}
	i.Raw = map[string]any{"properties": properties, "size": i.Size, "status": i.Status, "min_ram": i.MinRAM, "min_disk": i.MinDisk}
	return i
}

// deviceLetter returns the letters of a device name after its prefix: "a" for "/dev/vda1".
func deviceLetter(name *string) string {
	if name == nil {
		return ""
	}
	letter := strings.TrimPrefix(*name, "/dev/")
	for _, prefix := range []string{"xvd", "vd", "sd", "hd"} {
		if rest, ok := strings.CutPrefix(letter, prefix); ok {
			letter = rest
			break
		}
	}
	return strings.Map(func(c rune) rune {
		if unicode.IsDigit(c) {
			return -1
		}
		return c
	}, letter)
}

// validate performs the checks that do not depend on block devices.
func (b *Builder) validate(ctx context.Context, p *plan) error {
	if p.Flavor.Disabled {
		return objects.FlavorNotFound(p.Flavor.FlavorID)
	}
	if err := checkUserData(p.UserData); err != nil {
		return err
	}
	for _, name := range p.SecurityGroups {
		if name != "default" {
			id, err := b.o.Network.GroupID(ctx, p.caller, name)
			if err != nil {
				return err
			}
			name = id
		}
		p.groups = append(p.groups, name)
	}
	if p.groups == nil {
		p.groups = []string{"default"}
	}
	most := p.Max
	if p.Networks == nil || !p.Networks.None {
		var err error
		if most, err = b.o.Network.Validate(ctx, p.caller, p.Networks, p.Max); err != nil {
			return err
		}
	}
	if err := b.findKernel(ctx, p); err != nil {
		return err
	}
	if p.KeyName != nil {
		var err error
		if p.keypair, err = b.o.Keypairs.Get(ctx, p.caller.UserID, *p.KeyName); err != nil {
			return err
		}
	}
	var err error
	if p.meta, err = hardware.ImageMeta(b.o.Release, p.image); err != nil {
		return err
	}
	if p.numa, err = hardware.Topology(b.o.Release, p.Flavor, p.meta); err != nil {
		return err
	}
	if p.pci, err = b.o.Aliases.Devices(p.Flavor, p.meta, newUUID); err != nil {
		return err
	}
	if err := b.findPorts(ctx, p); err != nil {
		return err
	}
	if most < p.Min {
		return errOverQuota(objects.ErrPortLimitExceeded, "Maximum number of ports exceeded")
	}
	p.Max = min(p.Max, most)
	return nil
}

// findKernel checks that the kernel and the RAM disk of the image exist.
func (b *Builder) findKernel(ctx context.Context, p *plan) error {
	var err error
	p.kernel, p.ramdisk, err = Kernel(ctx, p.caller, b.o.Images, p.image)
	return err
}

// rootDeviceName returns the name of the root device that the image defines, with /dev/, or "".
func rootDeviceName(i *objects.Image) string {
	name := ""
	mappings, _ := i.Properties()["mappings"].([]any)
	for _, one := range mappings {
		if m, ok := one.(map[string]any); ok && m["virtual"] == "root" {
			name, _ = m["device"].(string)
		}
	}
	if given := i.Property("root_device_name"); given != "" {
		name = given
	}
	return withDev(name)
}

// deviceTypes are the values of device_type that Nova's BlockDeviceMapping accepts.
var deviceTypes = []string{"cdrom", "disk", "floppy", "fs", "lun"}

// checkTypes returns the ValueError with which Nova fails when it reads other values of device_type.
func checkTypes(devices []*Device) error {
	for _, d := range devices {
		if d.Type != nil && !slices.Contains(deviceTypes, *d.Type) {
			return objects.ClassNamed("builtins.ValueError").Errorf(0, "device_type %q", *d.Type)
		}
	}
	return nil
}

func (b *Builder) findDevices(ctx context.Context, p *plan) error {
	var err error
	if p.devices, err = b.devices(p.Request, p.image, rootDeviceName(p.image)); err != nil {
		return err
	}
	if err := checkTypes(p.devices); err != nil {
		return err
	}
	on, format, err := hardware.EphemeralEncryption(p.Flavor, p.meta)
	if err != nil {
		return err
	}
	if on {
		for _, d := range p.devices {
			if d.local() {
				d.Encrypted, d.EncryptionFormat = true, nonEmpty(format)
			}
		}
	}
	var root *Device
	for _, d := range p.devices {
		if d.root() && root == nil {
			root = d
		}
	}
	if err := b.limitContents(ctx, p.caller, p.Request); err != nil {
		return err
	}
	if err := CheckImage(p.Flavor, p.image, p.Image, root, p.ZeroDisk); err != nil {
		return err
	}
	if err := hardware.Check(b.o.Release, p.Flavor, p.meta); err != nil {
		return err
	}
	if err := CheckSound(ctx, b.everywhere(), b.o.Release, p.Flavor, p.meta); err != nil {
		return err
	}
	return b.findGroup(ctx, p)
}

// findGroup reads the server group of the scheduler hint "group".
func (b *Builder) findGroup(ctx context.Context, p *plan) error {
	groups := p.Hints["group"]
	switch len(groups) {
	case 0:
		return nil
	case 1:
	default:
		return objects.ServerGroupNotFound(p.GroupHint)
	}
	project := p.caller.ProjectID
	if p.caller.IsAdmin {
		project = ""
	}
	var err error
	p.group, err = dbapi.NewGroups(b.o.API).Get(ctx, groups[0], project, project == "")
	if errors.Is(err, objects.ErrInstanceGroupNotFound) {
		return objects.ServerGroupNotFound(p.GroupHint)
	}
	return err
}

// reserveQuota determines the number of servers that the quotas allow, and reads their volumes.
func (b *Builder) reserveQuota(ctx context.Context, p *plan) error {
	if err := b.checkHost(ctx, p.caller, p.Request); err != nil {
		return err
	}
	var err error
	if p.count, err = b.limitServers(ctx, p.caller, p.Flavor, p.Min, p.Max); err != nil {
		return err
	}
	if profile := p.Flavor.ExtraSpecs["accel:device_profile"]; profile != "" {
		if p.profileGroups, err = b.o.Accelerators.Groups(ctx, p.caller, profile, ""); err != nil {
			return err
		}
	}
	if p.count, err = b.limitTaken(ctx, p, p.count); err != nil {
		return err
	}
	p.volumes = map[string]*cinder.Volume{}
	for _, d := range p.devices {
		if d.VolumeID != nil {
			if p.volumes[*d.VolumeID], err = b.o.Volumes.Volume(ctx, p.caller, *d.VolumeID, ""); err != nil {
				return err
			}
		}
	}
	p.zone, err = b.volumeZone(p.zone, p.volumes)
	return err
}

// checkHost checks that the requested host or hypervisor exists.
func (b *Builder) checkHost(ctx context.Context, caller *reqctx.Caller, r *Request) error {
	missing := func(name string) error {
		return objects.ErrComputeHostNotFound.Errorf(objects.KindInvalid, "Compute host %s could not be found.", name)
	}
	switch {
	case r.Host != "":
		in, err := dbapi.HostCell(ctx, b.o.API, r.Host)
		if err != nil {
			return err
		}
		if in == "" {
			return missing(r.Host)
		}
		if r.Node != "" {
			found, err := b.node(ctx, in, r.Host, r.Node)
			if err == nil && !found {
				err = missing(r.Host)
			}
			return err
		}
	case r.Node != "":
		_, err := b.o.Placement.ProviderNamed(ctx, caller, r.Node)
		if errors.Is(err, objects.ErrResourceProviderNotFound) {
			err = missing(r.Node)
		}
		return err
	}
	return nil
}

func newUUID() string { return uuid.NewString() }
