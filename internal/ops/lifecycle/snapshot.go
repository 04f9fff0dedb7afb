package lifecycle

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/server"
	"github.com/nova-go/nova/internal/reqctx"
)

// imagable are the vm states in which images are made of servers. Locks do not
// matter: nothing changes.
var imagable = []string{"active", "stopped", "paused", "suspended"}

// Properties of images that no image of a server inherits.
var (
	neverInherited = []string{"cinder_encryption_key_id", "cinder_encryption_key_deletion_policy", "img_signature",
		"img_signature_hash_method",
		"img_signature_key_type", "img_signature_certificate_uuid"}
	ownNamespace = "os_glance"
)

// largeProperties are those that system metadata never holds.
var largeProperties = []string{"mappings", "block_device_mapping", "img_mappings", "img_block_device_mapping"}

// imageOf describes an image of a server: as the image that it was made from, with
// further properties. Whoever is not of the server's project shares it with that:
// member is then its project.
func (o *Ops) imageOf(caller *reqctx.Caller, i *objects.Instance, name string, properties map[string]string) (image map[string]any,
	member string) {
	image = map[string]any{}
	for key, value := range i.SystemMetadata {
		key = strings.TrimPrefix(key, "image_")
		switch {
		case slices.Contains(largeProperties, key), slices.Contains(neverInherited, key), strings.HasPrefix(key, ownNamespace),
			slices.Contains(o.DropProperties, key):
		case key == "min_ram" || key == "min_disk":
			n, err := strconv.Atoi(value)
			if err == nil {
				image[key] = n
			}
		default:
			setProperty(image, key, value)
		}
	}
	image["name"], image["visibility"] = name, "private"
	if caller.ProjectID != i.ProjectID {
		image["visibility"], member = "shared", i.ProjectID
	}
	for key, value := range properties {
		setProperty(image, key, value)
	}
	return image, member
}

// setProperty leaves kernels and ramdisks out that are not set: Glance need not
// allow such properties.
func setProperty(image map[string]any, key, value string) {
	if none := strings.ToLower(strings.TrimSpace(value)); (key == "kernel_id" || key == "ramdisk_id") && (none == "none" || none == "") {
		delete(image, key)
		return
	}
	image[key] = value
}

// reserve makes the image that a host will write a server's disk to.
func (o *Ops) reserve(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, name, kind string,
	properties map[string]string) (string, error) {
	all := map[string]string{"instance_uuid": i.UUID, "user_id": caller.UserID, "image_type": kind}
	maps.Copy(all, properties)
	image, member := o.imageOf(caller, i, name, all)
	if kind == "snapshot" { // the driver may convert it, and will say so
		delete(image, "disk_format")
		delete(image, "container_format")
	}
	return o.Servers.Services.Images.Reserve(ctx, caller, image, member)
}

// CreateImage writes a server's disk to a new image, and answers its id. Of a
// server on a volume, it makes snapshots of its volumes; allowed is asked for that.
func (o *Ops) CreateImage(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, name string, properties map[string]string,
	allowed func() error) (string, error) {
	devices, err := o.Servers.Devices(ctx, i)
	if err != nil {
		return "", err
	}
	if server.VolumeBacked(i, devices) {
		if err := allowed(); err != nil {
			return "", err
		}
		return o.snapshotVolumes(ctx, caller, i, name, properties, devices)
	}
	if err := (server.Guard{VM: imagable}).States(i, "createImage"); err != nil {
		return "", err
	}
	image, err := o.reserve(ctx, caller, i, name, "snapshot", properties)
	if err != nil {
		return "", err
	}
	err = o.Servers.Save(ctx, i, []string{""}, func(i *objects.Instance) { i.TaskState = new("image_snapshot_pending") })
	if gone := errors.Is(err, objects.ErrInstanceNotFound); gone || errors.Is(err, objects.ErrUnexpectedDeletingTaskStateError) {
		if err := o.Servers.Services.Images.Delete(ctx, caller, image); err != nil && !errors.Is(err, objects.ErrImageNotFound) {
			o.Servers.Log.Warn().Err(err).Str("image", image).Msg("Error while trying to clean up image")
		}
		if gone {
			return "", server.InvalidState(i, "createImage", "vm_state", "deleted")
		}
		return "", server.InvalidState(i, "createImage", "task_state", "deleting")
	}
	if err != nil {
		return "", err
	}
	if err := o.Servers.Record(ctx, caller, i, "createImage"); err != nil {
		return "", err
	}
	return image, o.Servers.Compute.Snapshot(ctx, caller, i, image)
}

// Backup is CreateImage, and removes all but the newest keep images of its kind
// ("daily", "weekly"). Servers on volumes are InvalidRequest.
func (o *Ops) Backup(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, b BackupOptions) (string, error) {
	if err := (server.Guard{VM: imagable}).States(i, "createBackup"); err != nil {
		return "", err
	}
	devices, err := o.Servers.Devices(ctx, i)
	if err != nil {
		return "", err
	}
	if server.VolumeBacked(i, devices) {
		return "", objects.ErrInvalidRequest.Errorf(objects.KindInvalid, "Backup is not supported for volume-backed instances.")
	}
	properties := maps.Clone(b.Properties)
	if properties == nil {
		properties = map[string]string{}
	}
	properties["backup_type"] = b.Kind
	image, err := o.reserve(ctx, caller, i, b.Name, "backup", properties)
	if err != nil {
		return "", err
	}
	if err := o.Servers.Begin(ctx, caller, i, []string{""}, "image_backup", "createBackup"); err != nil {
		return "", err
	}
	return image, o.Servers.Compute.Backup(ctx, caller, i, image, b.Kind, b.Keep)
}

// BackupOptions say what a backup is.
type BackupOptions struct {
	Name, Kind string
	Keep       int64
	Properties map[string]string
}
