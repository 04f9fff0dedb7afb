package instance

import (
	"context"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
)

// What follows is for the packages whose verbs are about servers, too.

// Guard says when a verb is allowed. The zero value wants a server that was
// launched and that has no task under way.
type Guard struct {
	VM         []string // vm states; nil: any
	Task       []string // task states, "" for none; nil: only none
	AnyTask    bool
	Unlaunched bool // a server that never ran is good enough
}

func (g Guard) guard() guard {
	return guard{vm: g.VM, task: g.Task, anyTask: g.AnyTask, unlaunched: g.Unlaunched}
}

// Check holds a server's lock and then its states against the guard: InstanceIsLocked,
// InstanceInvalidState. action is the verb as clients know it.
func (g Guard) Check(caller *reqctx.Context, i *objects.Instance, action string) error {
	return g.guard().check(caller, i, action)
}

// States is Check for verbs that do not care for locks.
func (g Guard) States(i *objects.Instance, action string) error { return g.guard().states(i, action) }

// Save changes the server and its row. Its task state must be one of tasks ("" is
// none) until then; nil expects nothing.
func (o *Ops) Save(ctx context.Context, i *objects.Instance, tasks []string, change func(*objects.Instance)) error {
	return o.save(ctx, i, tasks, change)
}

// Record writes the action that begins, in the name of whoever asks for it.
func (o *Ops) Record(ctx context.Context, caller *reqctx.Context, i *objects.Instance, action string) error {
	return o.record(ctx, caller, i, action)
}

// Begin is Save of the new task state, and Record.
func (o *Ops) Begin(ctx context.Context, caller *reqctx.Context, i *objects.Instance, expect []string, task, action string) error {
	return o.begin(ctx, caller, i, expect, task, action)
}

// There does something in the cell of a server.
func (o *Ops) There(ctx context.Context, i *objects.Instance, do func(context.Context, *db.Cell) error) error {
	return o.there(ctx, i, do)
}

// Devices reads the block devices of a server as versioned objects.
func (o *Ops) Devices(ctx context.Context, i *objects.Instance) ([]*objects.Versioned, error) {
	return o.blockDevices(ctx, i)
}

// VolumesInUse wants that Cinder knows of all attachments, or answers InvalidVolume.
func (o *Ops) VolumesInUse(ctx context.Context, caller *reqctx.Context, devices []*objects.Versioned) error {
	return o.volumesInUse(ctx, caller, devices)
}

// VolumeBacked tells whether a server boots from a volume.
func VolumeBacked(i *objects.Instance, devices []*objects.Versioned) bool {
	return volumeBacked(i, devices)
}

// First is the first error of checks, in their order.
func First(checks ...func() error) error { return first(checks...) }

// WithShare refuses servers that have a share: ForbiddenWithShare.
func (o *Ops) WithShare(ctx context.Context, i *objects.Instance) error { return o.withShare(ctx, i) }

// WithPortAccelerator refuses servers with an accelerator behind a port:
// ForbiddenPortsWithAccelerator.
func WithPortAccelerator(i *objects.Instance) error { return withPortAccelerator(i) }

// WithAccelerator refuses servers whose flavor has an accelerator:
// ForbiddenWithAccelerators.
func WithAccelerator(i *objects.Instance) error { return withAccelerator(i) }

// WithEncryptedMemory refuses servers whose memory is encrypted:
// OperationNotSupportedForMemEncryption.
func WithEncryptedMemory(i *objects.Instance, operation string) error {
	return withEncryptedMemory(i, operation)
}

// WithTPM refuses servers with an emulated TPM: OperationNotSupportedForVTPM.
func WithTPM(i *objects.Instance, operation string) error { return withTPM(i, operation) }

// Truthy reads a word as strutils.bool_from_string does.
func Truthy(word string) bool { return truthy(word) }

// HasTPM tells whether a server of the flavor has an emulated TPM, or its image
// asks for one.
func HasTPM(f *objects.Flavor, i *objects.Instance) bool {
	return f.ExtraSpecs["hw:tpm_version"] != "" || i.SystemMetadata["image_hw_tpm_version"] != ""
}
