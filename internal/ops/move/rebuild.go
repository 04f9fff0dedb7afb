package move

import (
	"context"
	"maps"
	"reflect"
	"strings"

	"github.com/nova-go/nova/internal/db"
	dbapi "github.com/nova-go/nova/internal/db/api"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/hardware"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/create"
	"github.com/nova-go/nova/internal/ops/server"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/rpc/conductorrpc"
)

// RebuildOptions say what a server is made anew of. nil leaves what it has; a
// pointer to nil takes that away.
type RebuildOptions struct {
	Image, Password        string
	Files                  []create.File
	Metadata               *map[string]string
	Name, Hostname         *string
	Description, UserData  **string
	Key                    **string // name of a keypair of the caller's
	TrustedCerts           *[]string
	AccessIPv4, AccessIPv6 *string
	AutoDiskConfig         *bool
	KeepEphemeral          bool
	ReimageVolume          bool // a root volume may get another image
	ZeroDisk               bool // servers without a local disk may be made of images
}

// rebuild is one server on its way to be made anew.
type rebuild struct {
	ops *Ops
	RebuildOptions
	caller          *reqctx.Caller
	i               *objects.Instance
	image           *objects.Image
	devices         []*objects.BlockDevice
	root            *objects.BlockDevice // nil: none is known
	backed          bool                 // the server is on a volume
	before          string               // the image that it was made of
	kernel, ramdisk string
	keypairs        []objects.Keypair // that it is to have, where Key is given
	spec            *objects.RequestSpec
}

// Rebuild makes a server anew on its host, of an image that may be another one. It
// needs all parts that its host may lose. Errors: ForbiddenWithShare,
// OperationNotSupportedForVTPM, KeypairNotFound, ImageNotFound,
// AutoDiskConfigDisabledByImage, InvalidArchitectureName, CertificateValidationFailed,
// ImageUnacceptable, ImageNUMATopologyRebuildConflict, InvalidVolume, those of quotas
// and those of an image that does not go with the flavor.
func (o *Ops) Rebuild(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, opts RebuildOptions) error {
	err := server.First(
		func() error { return o.Servers.WithShare(ctx, i) },
		func() error { return server.WithTPM(i, "rebuild") },
		func() error {
			return server.Guard{VM: []string{"active", "stopped", "error"}}.Check(caller, i, "rebuild")
		},
	)
	if err != nil {
		return err
	}
	r := &rebuild{ops: o, RebuildOptions: opts, caller: caller, i: i}
	for _, step := range []func(context.Context) error{r.findKey, r.findImage, r.findDisks, r.check, r.findKernel} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return r.begin(ctx)
}

func (r *rebuild) findKey(ctx context.Context) error {
	if r.Key == nil {
		return nil
	}
	if objects.OrZero(*r.Key) != "" {
		key, err := r.ops.Keypairs.Get(ctx, r.caller.UserID, **r.Key)
		if err != nil {
			return err
		}
		r.keypairs = []objects.Keypair{*key}
	}
	return nil
}

func (r *rebuild) findImage(ctx context.Context) error {
	if r.TrustedCerts != nil && len(*r.TrustedCerts) == 0 {
		r.TrustedCerts = &r.ops.DefaultCerts
	}
	var err error
	if r.image, err = r.ops.Servers.Services.Images.Image(ctx, r.caller, r.Image); err != nil {
		return err
	}
	if err := autoDiskAllowed(r.image.Properties(), r.image.ID, r.AutoDiskConfig); err != nil {
		return err
	}
	return hardware.CheckArchitecture(r.image.Property("hw_architecture"))
}

// findDisks reads the server's block devices, and tells what its root disk was made
// of.
func (r *rebuild) findDisks(ctx context.Context) error {
	var err error
	if r.devices, err = r.ops.Servers.Devices(ctx, r.i); err != nil {
		return err
	}
	for _, d := range r.devices {
		if d.Root() {
			r.root = d
		}
	}
	r.before = r.i.ImageRef
	if r.backed = server.VolumeBacked(r.i, r.devices); !r.backed {
		return nil
	}
	if r.TrustedCerts != nil && len(*r.TrustedCerts) > 0 {
		return objects.ErrCertificateValidationFailed.Errorf(objects.KindInvalid,
			"Image certificate validation is not supported for volume-backed servers.")
	}
	if r.root == nil {
		return &objects.Error{Class: objects.ErrNovaException, Message: "Unable to find root block device mapping for volume-backed instance."}
	}
	v, err := r.ops.Servers.Services.Volumes.Volume(ctx, r.caller, objects.OrZero(r.root.VolumeID), "")
	if err != nil {
		return err
	}
	if r.before = v.ImageMetadata["image_id"]; r.before != r.Image && !r.ReimageVolume {
		return objects.ErrImageUnacceptable.Errorf(objects.KindInvalid,
			"Image %s is unacceptable: Unable to rebuild with a different image for a volume-backed server.", r.Image)
	}
	return nil
}

// check holds the image against the flavor, and what else is asked for against
// quotas.
func (r *rebuild) check(ctx context.Context) error {
	var err error
	if r.spec, err = r.ops.spec(ctx, r.i); err != nil {
		return err
	}
	var metadata map[string]string
	if r.Metadata != nil {
		metadata = *r.Metadata
	}
	if err := r.ops.Contents(ctx, r.caller, metadata, r.Files); err != nil {
		return err
	}
	var root *create.Device
	if r.root != nil && r.root.OnVolume() {
		root = &create.Device{Destination: "volume", Size: r.root.VolumeSize}
	}
	if err := create.CheckImage(r.i.Flavor, r.image, r.image.ID, root, r.ZeroDisk); err != nil {
		return err
	}
	meta, err := hardware.ImageMeta(r.image)
	if err != nil {
		return err
	}
	if err := hardware.Check(r.i.Flavor, meta); err != nil {
		return err
	}
	if _, err := hardware.Topology(r.i.Flavor, meta); err != nil {
		return err
	}
	if err := hardware.CheckSound(r.i.Flavor, meta); err != nil {
		return err
	}
	if err := r.ops.Servers.VolumesInUse(ctx, r.caller, r.devices); err != nil {
		return err
	}
	if r.before == r.Image {
		return nil
	}
	return r.sameNUMA(meta)
}

// sameNUMA refuses an image that asks for other NUMA cells than the old one: the
// server stays where it is.
func (r *rebuild) sameNUMA(next *objects.ImageMeta) error {
	now, err := imageMeta(r.i)
	if err != nil {
		return err
	}
	var topologies [2]*objects.NUMATopology
	for n, meta := range []*objects.ImageMeta{now, next} {
		if topologies[n], err = hardware.Topology(r.i.Flavor, meta); err != nil {
			return err
		}
	}
	if !reflect.DeepEqual(topologies[0], topologies[1]) {
		return objects.ErrImageNUMATopologyRebuildConflict.Errorf(objects.KindInvalid,
			"An instance's NUMA topology cannot be changed as part of a rebuild. The image provided is invalid for this instance.")
	}
	return nil
}

func (r *rebuild) findKernel(ctx context.Context) error {
	var err error
	r.kernel, r.ramdisk, err = create.Kernel(ctx, r.caller, r.ops.Servers.Services.Images, r.image)
	return err
}

// begin writes the new server down and hands it to the conductor.
func (r *rebuild) begin(ctx context.Context) error {
	i := r.i
	before := maps.Clone(i.SystemMetadata)
	if err := r.saveExtra(ctx); err != nil {
		return err
	}
	if err := r.ops.Servers.Save(ctx, i, []string{""}, r.apply); err != nil {
		return err
	}
	if err := r.ops.Servers.Record(ctx, r.caller, i, "rebuild"); err != nil {
		return err
	}
	files := make([][2]string, len(r.Files))
	for n, f := range r.Files {
		files[n] = [2]string{f.Path, f.Content}
	}
	message := conductorrpc.Rebuild{Password: &r.Password, Files: files, Image: &r.Image, OldSystem: before, SharedStorage: new(bool),
		KeepEphemeral: r.KeepEphemeral,
		Devices:       r.devices, Host: i.Host, Spec: r.spec, ReimageVolume: r.ReimageVolume}
	if r.before != "" || !r.backed {
		message.OldImage = &r.before
	}
	if r.before != r.Image {
		if err := r.schedule(ctx); err != nil {
			return err
		}
		message.Host = nil
	}
	return r.ops.Servers.Conductor.Rebuild(ctx, r.caller, i, message)
}

// saveExtra writes the keypair and the certificates that were given.
func (r *rebuild) saveExtra(ctx context.Context) error {
	i := r.i
	return r.ops.Servers.InCell(ctx, i, func(ctx context.Context, c *db.Cell) error {
		if r.Key != nil {
			if err := cell.SaveKeypairs(ctx, c, i.UUID, r.keypairs); err != nil {
				return err
			}
			i.Keypairs = r.keypairs
			i.Loaded |= objects.PartKeypairs
		}
		if r.TrustedCerts != nil {
			if err := cell.SaveTrustedCerts(ctx, c, i.UUID, *r.TrustedCerts); err != nil {
				return err
			}
			i.TrustedCerts = *r.TrustedCerts
			i.Loaded |= objects.PartTrustedCerts
		}
		return nil
	})
}

// apply changes the server.
func (r *rebuild) apply(i *objects.Instance) {
	if r.Key != nil {
		i.KeyName, i.KeyData = nil, nil
		for _, k := range r.keypairs {
			i.KeyName, i.KeyData = &k.Name, &k.PublicKey
		}
	}
	set := func(to **string, value *string) {
		if value != nil {
			*to = value
		}
	}
	set(&i.Hostname, r.Hostname)
	set(&i.DisplayName, r.Name)
	set(&i.AccessIPv4, r.AccessIPv4)
	set(&i.AccessIPv6, r.AccessIPv6)
	if r.Description != nil {
		i.DisplayDescription = *r.Description
	}
	if r.UserData != nil {
		i.UserData = *r.UserData
	}
	if r.Metadata != nil {
		i.Metadata = *r.Metadata
	}
	i.OSType, i.Architecture, i.VMMode = r.property("os_type"), r.property("architecture"), r.property("vm_mode")
	i.AutoDiskConfig = objects.Truthy(r.image.Property("auto_disk_config"))
	if r.AutoDiskConfig != nil {
		i.AutoDiskConfig = *r.AutoDiskConfig
	}
	if !r.backed { // no image is how a server on a volume is known
		i.ImageRef = r.Image
	}
	i.TaskState, i.Progress, i.KernelID, i.RamdiskID = new("rebuilding"), new(int64), &r.kernel, &r.ramdisk
	for key := range i.SystemMetadata {
		if strings.HasPrefix(key, "image_") {
			delete(i.SystemMetadata, key)
		}
	}
	maps.Copy(i.SystemMetadata, r.image.SystemMetadata(i.Flavor))
	i.SystemMetadata["image_base_image_ref"] = r.image.ID
}

func (r *rebuild) property(name string) *string {
	if s := r.image.Property(name); s != "" {
		return &s
	}
	return nil
}

// schedule puts the new image into the request spec, and has the scheduler check it
// for the host that the server is on.
func (r *rebuild) schedule(ctx context.Context) error {
	meta, err := hardware.ImageMeta(r.image)
	if err != nil {
		return err
	}
	r.spec.Image = meta
	r.spec.Change("image")
	if err := dbapi.SaveRequestSpec(ctx, r.ops.Servers.Reader.API, r.spec, "image"); err != nil {
		return err
	}
	if r.spec.Hints == nil {
		r.spec.Hints = map[string]any{}
		r.spec.Change("scheduler_hints")
	}
	r.spec.Hints["_nova_check_type"] = []string{"rebuild"}
	r.spec.ForceHosts, r.spec.ForceNodes = []string{objects.OrZero(r.i.Host)}, []string{objects.OrZero(r.i.Node)}
	r.spec.Change("force_hosts", "force_nodes")
	r.spec.ID = 0 // so that nobody can save this
	return nil
}
