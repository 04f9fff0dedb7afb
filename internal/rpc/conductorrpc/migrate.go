package conductorrpc

import (
	"context"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/versioned"
)

// Resize lets the conductor resize a server to a flavor, which is the server's own flavor for a
// cold migration; Nova sends that as it reads it with the server. The hosts in ignore are not chosen.
func (c *Client) Resize(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, spec *objects.RequestSpec,
	flavor *objects.Flavor, ignore []string) error {
	hint := map[string]any{"filter_properties": map[string]any{"ignore_hosts": ignore}}
	form := versioned.Flavor(flavor)
	if flavor == i.Flavor {
		form = versioned.ReadFlavor(flavor)
	}
	return c.cast(ctx, caller, "migrate_server", "1.20", args{"instance": i, "scheduler_hint": hint, "live": false, "rebuild": false,
		"flavor":          form,
		"block_migration": nil, "disk_over_commit": nil, "reservations": nil, "clean_shutdown": true, "request_spec": spec, "host_list": nil})
}

// Live has the arguments of a live migration. The hosts decide about fields that are nil.
type Live struct {
	Host           *string // nil: the scheduler chooses a host
	BlockMigration *bool
	OverCommit     *bool
}

// LiveMigrate starts a live migration and returns once the broker has confirmed the message.
func (c *Client) LiveMigrate(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, spec *objects.RequestSpec, l Live) error {
	return c.cast(ctx, caller, "live_migrate_instance", "1.15", args{"instance": i, "scheduler_hint": map[string]any{"host": l.Host},
		"block_migration": l.BlockMigration, "disk_over_commit": l.OverCommit, "request_spec": spec})
}

// LiveMigrateChecked starts a live migration and returns once the conductor and the hosts have
// checked that it is possible. If it is not, the error is a *rpc.RemoteError.
func (c *Client) LiveMigrateChecked(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, spec *objects.RequestSpec,
	l Live) error {
	_, err := c.call(ctx, caller, "migrate_server", "1.20", args{"instance": i, "scheduler_hint": map[string]any{"host": l.Host},
		"live": true, "rebuild": false,
		"flavor": nil, "block_migration": l.BlockMigration, "disk_over_commit": l.OverCommit, "reservations": nil, "clean_shutdown": true,
		"request_spec": spec,
		"host_list":    nil})
	return err
}

// Rebuild has the arguments of rebuild_instance, for a rebuild with an image or an evacuation to
// another host.
type Rebuild struct {
	Password      *string
	Files         any     // [][2]string of path and content; nil for an evacuation
	Image         *string // nil for an evacuation
	OldImage      *string
	OldSystem     map[string]string      // the system metadata before the rebuild
	Devices       []*objects.BlockDevice // nil for an evacuation
	Evacuate      bool
	SharedStorage *bool // nil: the host finds out
	KeepEphemeral bool
	Host          *string // nil: the scheduler chooses a host
	Spec          *objects.RequestSpec
	ReimageVolume bool
	TargetVMState *string // nil: the current VM state
}

// Rebuild lets the conductor rebuild or evacuate a server.
func (c *Client) Rebuild(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, r Rebuild) error {
	a := args{"instance": i, "new_pass": r.Password, "injected_files": r.Files, "image_ref": r.Image, "orig_image_ref": r.OldImage,
		"orig_sys_metadata": r.OldSystem,
		"bdms":              nil, "recreate": r.Evacuate, "on_shared_storage": r.SharedStorage, "preserve_ephemeral": r.KeepEphemeral,
		"host":                r.Host,
		"request_spec":        r.Spec,
		"reimage_boot_volume": r.ReimageVolume, "target_state": r.TargetVMState}
	if !r.Evacuate {
		a["bdms"] = r.Devices
	}
	return c.cast(ctx, caller, "rebuild_instance", "1.25", a)
}

// ConfirmSnapshotBasedResize removes a server from the cell that it was resized away from.
func (c *Client) ConfirmSnapshotBasedResize(ctx context.Context, caller *reqctx.Caller, i *objects.Instance,
	migration *objects.Migration) error {
	return c.cast(ctx, caller, "confirm_snapshot_based_resize", "1.22", args{"instance": i, "migration": migration})
}

// RevertSnapshotBasedResize moves a server back to the cell that it was resized away from.
func (c *Client) RevertSnapshotBasedResize(ctx context.Context, caller *reqctx.Caller, i *objects.Instance,
	migration *objects.Migration) error {
	return c.cast(ctx, caller, "revert_snapshot_based_resize", "1.23", args{"instance": i, "migration": migration})
}
