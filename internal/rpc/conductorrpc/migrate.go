package conductorrpc

import (
	"context"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
)

// Resize moves a server that is off to another host, with a flavor that may be the
// one it has. Hosts in ignore are not taken.
func (c *Client) Resize(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, spec *objects.RequestSpec,
	flavor *objects.Flavor, ignore []string) error {
	hint := map[string]any{"filter_properties": map[string]any{"ignore_hosts": ignore}}
	return c.cast(ctx, caller, "migrate_server", "1.20", args{"instance": i, "scheduler_hint": hint, "live": false, "rebuild": false,
		"flavor":          flavor,
		"block_migration": nil, "disk_over_commit": nil, "reservations": nil, "clean_shutdown": true, "request_spec": spec, "host_list": nil})
}

// Live is a live migration as it is asked for. nil is for the hosts to decide.
type Live struct {
	Host           *string // nil: any
	BlockMigration *bool
	OverCommit     *bool
}

// LiveMigrate has a running server moved, and returns once the conductor has the
// message.
func (c *Client) LiveMigrate(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, spec *objects.RequestSpec, l Live) error {
	return c.cast(ctx, caller, "live_migrate_instance", "1.15", args{"instance": i, "scheduler_hint": map[string]any{"host": l.Host},
		"block_migration": l.BlockMigration, "disk_over_commit": l.OverCommit, "request_spec": spec})
}

// LiveMigrateChecked is LiveMigrate that returns when hosts have checked that it can
// be done; their errors are *rpc.RemoteError.
func (c *Client) LiveMigrateChecked(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, spec *objects.RequestSpec,
	l Live) error {
	_, err := c.call(ctx, caller, "migrate_server", "1.20", args{"instance": i, "scheduler_hint": map[string]any{"host": l.Host},
		"live": true, "rebuild": false,
		"flavor": nil, "block_migration": l.BlockMigration, "disk_over_commit": l.OverCommit, "reservations": nil, "clean_shutdown": true,
		"request_spec": spec,
		"host_list":    nil})
	return err
}

// Rebuild is a server made anew: of another image, or on another host.
type Rebuild struct {
	Password      *string
	Files         any     // [][2]string of path and content, or nil for an evacuation
	Image         *string // nil for an evacuation
	OldImage      *string
	OldSystem     map[string]string      // its system metadata before
	Devices       []*objects.BlockDevice // nil for an evacuation
	Evacuate      bool
	SharedStorage *bool // nil: the host finds out
	KeepEphemeral bool
	Host          *string // nil: the scheduler finds one
	Spec          *objects.RequestSpec
	ReimageVolume bool
	TargetVMState *string // nil: that which it has
}

// Rebuild makes a server anew.
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

// ConfirmSnapshotBasedResize drops what is left of a server in the cell that it was
// resized away from.
func (c *Client) ConfirmSnapshotBasedResize(ctx context.Context, caller *reqctx.Caller, i *objects.Instance,
	migration *objects.Migration) error {
	return c.cast(ctx, caller, "confirm_snapshot_based_resize", "1.22", args{"instance": i, "migration": migration})
}

// RevertSnapshotBasedResize brings a server back to the cell that it was resized
// away from.
func (c *Client) RevertSnapshotBasedResize(ctx context.Context, caller *reqctx.Caller, i *objects.Instance,
	migration *objects.Migration) error {
	return c.cast(ctx, caller, "revert_snapshot_based_resize", "1.23", args{"instance": i, "migration": migration})
}
