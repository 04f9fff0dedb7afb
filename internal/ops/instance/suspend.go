package instance

import (
	"context"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
)

// Suspend writes a server's memory to disk and frees it.
func (o *Ops) Suspend(ctx context.Context, caller *reqctx.Context, i *objects.Instance) error {
	err := First(
		func() error { return o.WithShare(ctx, i) },
		func() error { return WithPortAccelerator(i) },
		func() error { return WithAccelerator(i) },
		func() error { return WithEncryptedMemory(i, "suspend") },
		func() error { return Guard{VM: []string{"active"}}.Check(caller, i, "suspend") },
		func() error { return o.Begin(ctx, caller, i, []string{""}, "suspending", "suspend") },
	)
	if err != nil {
		return err
	}
	return o.Compute.Suspend(ctx, caller, i)
}

// Resume goes on with a suspended server.
func (o *Ops) Resume(ctx context.Context, caller *reqctx.Context, i *objects.Instance) error {
	if err := (Guard{VM: []string{"suspended"}}).Check(caller, i, "resume"); err != nil {
		return err
	}
	if err := o.Begin(ctx, caller, i, []string{""}, "resuming", "resume"); err != nil {
		return err
	}
	return o.Compute.Resume(ctx, caller, i)
}
