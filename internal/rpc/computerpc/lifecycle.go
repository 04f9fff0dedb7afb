package computerpc

import (
	"context"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/release"
	"github.com/nova-go/nova/internal/reqctx"
)

// Terminate destroys a server and detaches its block devices.
func (c *Client) Terminate(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, devices []*objects.BlockDevice) error {
	return c.cast(ctx, caller, i, "", "terminate_instance", args{"instance": i, "bdms": devices})
}

// SoftDelete powers off a server, which can be restored until it is reclaimed.
func (c *Client) SoftDelete(ctx context.Context, caller *reqctx.Caller, i *objects.Instance) error {
	return c.cast(ctx, caller, i, "", "soft_delete_instance", args{"instance": i})
}

// Restore reverses SoftDelete.
func (c *Client) Restore(ctx context.Context, caller *reqctx.Caller, i *objects.Instance) error {
	return c.cast(ctx, caller, i, "", "restore_instance", args{"instance": i})
}

// ConfirmResizeNow removes a resized server from its source host, and returns when that has
// happened.
func (c *Client) ConfirmResizeNow(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, migration *objects.Migration) error {
	return c.callHost(ctx, caller, i.Cell, objects.OrZero(migration.SourceCompute), "confirm_resize",
		args{"instance": i, "migration": migration}, nil, false)
}

// Snapshot writes the disk of a server to an image.
func (c *Client) Snapshot(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, image string) error {
	return c.cast(ctx, caller, i, "", "snapshot_instance", args{"instance": i, "image_id": image})
}

// Backup writes the disk of a server to an image and deletes all but the newest keep images of
// the same kind ("daily").
func (c *Client) Backup(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, image, kind string, keep int64) error {
	return c.cast(ctx, caller, i, "", "backup_instance", args{"instance": i, "image_id": image, "backup_type": kind, "rotation": keep})
}

// Quiesce freezes the file systems of a server in a consistent state, and returns when they are
// frozen.
func (c *Client) Quiesce(ctx context.Context, caller *reqctx.Caller, i *objects.Instance) error {
	return c.call(ctx, caller, i, "quiesce_instance", args{"instance": i}, nil)
}

// Unquiesce reverses Quiesce. mapping is the block device mapping of the new image.
func (c *Client) Unquiesce(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, mapping any) error {
	return c.cast(ctx, caller, i, "", "unquiesce_instance", args{"instance": i, "mapping": mapping})
}

// Shelve powers off a server and writes its disk to an image.
func (c *Client) Shelve(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, image string, accelerators []string) error {
	return c.shelve(ctx, caller, i, accelerators, "shelve_instance", args{"instance": i, "image_id": image, "clean_shutdown": true})
}

// ShelveOffload removes a shelved server from its host.
func (c *Client) ShelveOffload(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, accelerators []string) error {
	return c.shelve(ctx, caller, i, accelerators, "shelve_offload_instance", args{"instance": i, "clean_shutdown": true})
}

// shelve sends a message that names the accelerators of the server if the nova-compute accepts
// that argument.
func (c *Client) shelve(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, accelerators []string, method string,
	a args) error {
	if i.Host == nil || *i.Host == "" {
		return noHost(i)
	}
	t, err := c.target(ctx, *i.Host, "5.13")
	if err != nil {
		return err
	}
	ok, err := c.Can(ctx, t.Version)
	if err != nil {
		return err
	}
	if ok {
		a["accel_uuids"] = accelerators
	} else {
		t.Version = "5.0"
	}
	return c.send(ctx, caller, i.Cell, t, method, a)
}

// ExternalEvents sends events to a host that has the servers, or is the target of their
// migration. A nova-compute that is shutting down still consumes its second topic, if its version
// has one.
func (c *Client) ExternalEvents(ctx context.Context, caller *reqctx.Caller, cell, host string, servers []*objects.Instance,
	events []*objects.ExternalEvent) error {
	t, err := c.target(ctx, host, "5.0")
	if err != nil {
		return err
	}
	alt, err := c.Can(ctx, "6.5")
	if err != nil {
		return err
	}
	if alt && c.o.Release.Has(release.AlternativeComputeTopic) {
		t.Topic = topicAlt
	}
	return c.send(ctx, caller, cell, t, "external_instance_event", args{"instances": servers, "events": events})
}
