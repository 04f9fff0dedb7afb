package attach

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/rest/manila"
)

// Manila is the client of Manila.
type Manila interface {
	// Share returns a share. Errors: ShareNotFound.
	Share(ctx context.Context, caller *reqctx.Caller, id string) (*manila.Share, error)
}

// sharesSince is the service version since which nova-compute supports shares.
const sharesSince = 67

// AttachShare attaches a share to a stopped server, which can mount it by its tag after it starts; the default of the tag
// is the share's id. Errors: InstanceInvalidState, ForbiddenSharesNotSupported, ForbiddenSharesNotConfiguredCorrectly,
// ShareNotFound, ShareStatusIncorect, ShareMissingExportLocation, ShareProtocolNotSupported, ShareMappingAlreadyExists.
func (o *Ops) AttachShare(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, share string, tag *string) (*objects.Share,
	error) {
	if err := checkVMState(i, "create share", "stopped"); err != nil {
		return nil, err
	}
	if err := o.canShare(ctx, caller, i); err != nil {
		return nil, err
	}
	m, err := o.Manila.Share(ctx, caller, share)
	if err != nil {
		return nil, err
	}
	if err := checkShare(m, share); err != nil {
		return nil, err
	}
	s := &objects.Share{UUID: uuid.NewString(), InstanceUUID: i.UUID, ShareID: m.ID, Status: "attaching", Tag: m.ID,
		ExportLocation: *m.Location, Protocol: m.Protocol}
	if tag != nil {
		s.Tag = *tag
	}
	if err := o.Servers.InCell(ctx, i, func(ctx context.Context, c *db.Cell) error { return cell.CreateShare(ctx, c, s) }); err != nil {
		return nil, err
	}
	if err := o.Servers.Record(ctx, caller, i, "attach_share"); err != nil {
		return nil, err
	}
	return s, o.Servers.Compute.AllowShare(ctx, caller, i, s)
}

// DetachShare detaches a share from a server in the state stopped or error.
func (o *Ops) DetachShare(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, share string) error {
	if err := checkVMState(i, "delete share", "stopped", "error"); err != nil {
		return err
	}
	s, err := o.Servers.Reader.Share(ctx, i, share)
	if err != nil {
		return err
	}
	if err := o.Servers.InCell(ctx, i, func(ctx context.Context, c *db.Cell) error {
		return cell.SetShareStatus(ctx, c, s,
			"detaching")
	}); err != nil {
		return err
	}
	if err := o.Servers.Record(ctx, caller, i, "detach_share"); err != nil {
		return err
	}
	return o.Servers.Compute.DenyShare(ctx, caller, i, s)
}

// checkVMState checks only the VM state of a server, because Nova ignores the lock and the task state for shares.
func checkVMState(i *objects.Instance, action string, states ...string) error {
	if i.VMState == nil || !slices.Contains(states, *i.VMState) {
		state := ""
		if i.VMState != nil {
			state = *i.VMState
		}
		return objects.ErrInstanceInvalidState.Errorf(objects.KindConflict, "Cannot '%s' instance %s while it is in vm_state %s", action,
			i.UUID, state)
	}
	return nil
}

// canShare checks that all nova-computes of the cell support shares, and that the server's host or flavor makes the
// guest's memory shareable with the virtiofs daemon. It loads the flavor only if the traits of the host do not decide; the
// message to the host then contains the flavor, as in Nova.
func (o *Ops) canShare(ctx context.Context, caller *reqctx.Caller, i *objects.Instance) error {
	var node string
	err := o.Servers.InCell(ctx, i, func(ctx context.Context, c *db.Cell) error {
		oldest, err := cell.MinimumVersion(ctx, c, "nova-compute")
		if err != nil {
			return err
		}
		if oldest < sharesSince {
			return objects.ErrForbiddenSharesNotSupported.Errorf(objects.KindForbidden,
				"Feature not supported until computes have not been updated.")
		}
		host := "None"
		if i.Host != nil {
			host = *i.Host
		}
		node, err = cell.FirstNode(ctx, c, host)
		return err
	})
	if err != nil {
		return err
	}
	traits, err := o.Servers.Services.Allocations.Traits(ctx, caller, node)
	if err != nil {
		return err
	}
	if slices.Contains(traits, "COMPUTE_STORAGE_VIRTIO_FS") {
		if slices.Contains(traits, "COMPUTE_MEM_BACKING_FILE") {
			return nil
		}
		if err := o.Servers.LoadFlavor(ctx, i); err != nil {
			return err
		}
		if i.Flavor != nil {
			if _, large := i.Flavor.ExtraSpecs["hw:mem_page_size"]; large {
				return nil
			}
		}
	}
	return objects.ErrForbiddenSharesNotConfiguredCorrectly.Errorf(objects.KindConflict,
		"Feature not supported because either compute or instance are not configured correctly.")
}

// checkShare checks that a share is available, has an export location and a protocol that hosts can mount.
func checkShare(m *manila.Share, id string) error {
	switch {
	case m.Status != "available":
		return objects.ErrShareStatusIncorect.Errorf(objects.KindConflict, "Share %s is in '%s' instead of 'available' status.", id, m.Status)
	case m.Location == nil:
		return objects.ErrShareMissingExportLocation.Errorf(objects.KindConflict, "Share %s export location is missing.", id)
	case m.Protocol != "NFS" && m.Protocol != "CEPHFS":
		return objects.ErrShareProtocolNotSupported.Errorf(objects.KindConflict, "Share protocol %s is not supported.", m.Protocol)
	}
	return nil
}
