package move

import (
	"context"
	"errors"
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
	"github.com/nova-go/nova/internal/pytext"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/rpc/conductorrpc"
)

// RebuildOptions describes the rebuilt server. nil keeps the current value; a pointer to nil removes it.
type RebuildOptions struct {
	Image, Password        string
	Files                  []create.File
	Metadata               *map[string]string
	Name, Hostname         *string
	Description, UserData  **string
	Key                    **string // name of a key pair of the caller's
	TrustedCerts           *[]string
	AccessIPv4, AccessIPv6 *string
	AutoDiskConfig         *bool
	KeepEphemeral          bool
	ReimageVolume          bool // allow another image for a root volume
	ZeroDisk               bool // allow building servers from images if the flavor has no local disk
}

// rebuildRequest is the state of one rebuild request.
type rebuildRequest struct {
	ops *Ops
	RebuildOptions
	caller          *reqctx.Caller
	i               *objects.Instance
	image           *objects.Image
	devices         []*objects.BlockDevice
	root            *objects.BlockDevice // nil: unknown
	backed          bool                 // the root disk is a volume
	before          string               // id of the image that the root disk was built from
	kernel, ramdisk string
	keypairs        []objects.Keypair // key pairs of the rebuilt server, if Key is given
	spec            *objects.RequestSpec
}

// sharedRebuild returns the error for a server that has shares: Nova does not translate it in this operation, and it has
// the status of NotSupported (400), where other operations answer 409.
func sharedRebuild(err error) error {
	if errors.Is(err, objects.ErrForbiddenWithShare) {
		return objects.ErrForbiddenWithShare.Errorf(objects.KindNotSupported, "%s", err.Error())
	}
	return err
}

// Rebuild rebuilds a server on its host from an image, which may differ from its current one. The server must be loaded
// with all parts that the message to the host contains. Errors: ForbiddenWithShare, OperationNotSupportedForVTPM,
// KeypairNotFound, ImageNotFound, AutoDiskConfigDisabledByImage, InvalidArchitectureName, CertificateValidationFailed,
// ImageUnacceptable, ImageNUMATopologyRebuildConflict, InvalidVolume, those of quotas and those of an image that does not
// fit the flavor.
func (o *Ops) Rebuild(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, opts RebuildOptions) error {
	err := server.First(
		func() error { return sharedRebuild(o.Servers.WithShare(ctx, i)) },
		func() error { return server.WithTPM(i, "rebuild") },
		func() error {
			return server.Guard{VM: []string{"active", "stopped", "error"}}.Check(caller, i, "rebuild")
		},
	)
	if err != nil {
		return err
	}
	r := &rebuildRequest{ops: o, RebuildOptions: opts, caller: caller, i: i}
	for _, step := range []func(context.Context) error{r.findKey, r.findImage, r.findDisks, r.check, r.findKernel} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return r.begin(ctx)
}

func (r *rebuildRequest) findKey(ctx context.Context) error {
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

func (r *rebuildRequest) findImage(ctx context.Context) error {
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

// findDisks reads the server's block device mappings and finds the image that its root disk was built from.
func (r *rebuildRequest) findDisks(ctx context.Context) error {
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

// check compares the image with the flavor, and the metadata and files with the quotas.
func (r *rebuildRequest) check(ctx context.Context) error {
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
	meta, err := hardware.ImageMeta(r.ops.Servers.Release, r.image)
	if err != nil {
		return err
	}
	if err := hardware.Check(r.ops.Servers.Release, r.i.Flavor, meta); err != nil {
		return err
	}
	if _, err := hardware.Topology(r.ops.Servers.Release, r.i.Flavor, meta); err != nil {
		return err
	}
	if err := create.CheckSound(ctx, cell.Everywhere{Cells: r.ops.Servers.Reader.Cells}, r.ops.Servers.Release, r.i.Flavor, meta); err != nil {
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

// sameNUMA rejects an image with a different NUMA topology than the old one, because a rebuild does not change the
// server's claim on its host.
func (r *rebuildRequest) sameNUMA(next *objects.ImageMeta) error {
	now, err := imageMeta(r.ops.Servers.Release, r.i)
	if err != nil {
		return err
	}
	var topologies [2]*objects.NUMATopology
	for n, meta := range []*objects.ImageMeta{now, next} {
		if topologies[n], err = hardware.Topology(r.ops.Servers.Release, r.i.Flavor, meta); err != nil {
			return err
		}
	}
	if !reflect.DeepEqual(topologies[0], topologies[1]) {
		return objects.ErrImageNUMATopologyRebuildConflict.Errorf(objects.KindInvalid,
			"An instance's NUMA topology cannot be changed as part of a rebuild. The image provided is invalid for this instance.")
	}
	return nil
}

func (r *rebuildRequest) findKernel(ctx context.Context) error {
	var err error
	r.kernel, r.ramdisk, err = create.Kernel(ctx, r.caller, r.ops.Servers.Services.Images, r.image)
	return err
}

// begin saves the server and sends the rebuild to the conductor.
func (r *rebuildRequest) begin(ctx context.Context) error {
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

// saveExtra writes the key pair and the certificate ids, if they are given.
func (r *rebuildRequest) saveExtra(ctx context.Context) error {
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

// apply changes the columns of the server.
func (r *rebuildRequest) apply(i *objects.Instance) {
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
	i.AutoDiskConfig = pytext.Truthy(r.image.Property("auto_disk_config"))
	if r.AutoDiskConfig != nil {
		i.AutoDiskConfig = *r.AutoDiskConfig
	}
	if !r.backed { // a server on a volume has no image reference
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

func (r *rebuildRequest) property(name string) *string {
	if s := r.image.Property(name); s != "" {
		return &s
	}
	return nil
}

// schedule writes the new image to the request spec, and sets the hints that make the scheduler only check the server's
// current host.
func (r *rebuildRequest) schedule(ctx context.Context) error {
	meta, err := hardware.ImageMeta(r.ops.Servers.Release, r.image)
	if err != nil {
		return err
	}
	r.spec.Image = meta
	r.spec.Change("image")
	if err := dbapi.SaveRequestSpec(ctx, r.ops.Servers.Reader.API, r.ops.Servers.Release, r.spec, "image"); err != nil {
		return err
	}
	if r.spec.Hints == nil {
		r.spec.Hints = map[string]any{}
		r.spec.Change("scheduler_hints")
	}
	r.spec.Hints["_nova_check_type"] = []string{"rebuild"}
	r.spec.ForceHosts, r.spec.ForceNodes = []string{objects.OrZero(r.i.Host)}, []string{objects.OrZero(r.i.Node)}
	r.spec.Change("force_hosts", "force_nodes")
	r.spec.ID = 0 // prevents that the conductor saves these changes
	return nil
}
