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

// snapshotStates are the VM states in which images of servers can be created. Nova ignores locks for this, because the
// server does not change.
var snapshotStates = []string{"active", "stopped", "paused", "suspended"}

// Image properties that images of servers do not inherit: those with these names and those whose names begin with
// ownNamespace.
var (
	neverInheritedProperties = []string{"cinder_encryption_key_id", "cinder_encryption_key_deletion_policy", "img_signature",
		"img_signature_hash_method",
		"img_signature_key_type", "img_signature_certificate_uuid"}
	ownNamespace = "os_glance"
)

// largeProperties are the image properties that Nova does not store in system metadata.
var largeProperties = []string{"mappings", "block_device_mapping", "img_mappings", "img_block_device_mapping"}

// imageOf returns the attributes of an image of a server: those of the image from which it was built, and properties. If
// the caller's project is not the server's, the image is shared with the server's project, which is then member.
func (o *Ops) imageOf(caller *reqctx.Caller, i *objects.Instance, name string, properties map[string]string) (image map[string]any,
	member string) {
	image = map[string]any{}
	for key, value := range i.SystemMetadata {
		key = strings.TrimPrefix(key, "image_")
		switch {
		case slices.Contains(largeProperties, key), slices.Contains(neverInheritedProperties, key), strings.HasPrefix(key, ownNamespace),
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

// setProperty sets a property of an image. It removes empty kernel and RAM disk ids, because Glance may be configured to
// reject these properties.
func setProperty(image map[string]any, key, value string) {
	if none := strings.ToLower(strings.TrimSpace(value)); (key == "kernel_id" || key == "ramdisk_id") && (none == "none" || none == "") {
		delete(image, key)
		return
	}
	image[key] = value
}

// reserve creates the image that a host uploads a server's disk to.
func (o *Ops) reserve(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, name, kind string,
	properties map[string]string) (string, error) {
	all := map[string]string{"instance_uuid": i.UUID, "user_id": caller.UserID, "image_type": kind}
	maps.Copy(all, properties)
	image, member := o.imageOf(caller, i, name, all)
	if kind == "snapshot" { // the virt driver may convert the disk and then sets these
		delete(image, "disk_format")
		delete(image, "container_format")
	}
	return o.Servers.Services.Images.Reserve(ctx, caller, image, member)
}

// CreateImage creates an image of a server's disk and returns its id. For a server whose root disk is a volume, it creates
// snapshots of the volumes, if allowed returns nil.
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
	if err := (server.Guard{VM: snapshotStates}).States(i, "createImage"); err != nil {
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

// Backup is CreateImage that also makes the host delete all but the newest b.Keep backups of the same kind ("daily",
// "weekly"). Servers whose root disk is a volume are rejected with InvalidRequest.
func (o *Ops) Backup(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, b BackupOptions) (string, error) {
	if err := (server.Guard{VM: snapshotStates}).States(i, "createBackup"); err != nil {
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

// BackupOptions describes a backup.
type BackupOptions struct {
	Name, Kind string
	Keep       int64
	Properties map[string]string
}
