package instance

import (
	"context"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
)

// Suspend writes a server's memory to disk and frees it.
func (o *Ops) Suspend(ctx context.Context, caller *reqctx.Context, i *objects.Instance) error {
	err := first(
		func() error { return o.withShare(ctx, i) },
		func() error { return withPortAccelerator(i) },
		func() error { return withAccelerator(i) },
		func() error { return withEncryptedMemory(i, "suspend") },
		func() error { return guard{vm: []string{"active"}}.check(caller, i, "suspend") },
		func() error { return o.begin(ctx, caller, i, []string{""}, "suspending", "suspend") },
	)
	if err != nil {
		return err
	}
	return o.Compute.Suspend(ctx, caller, i)
}

// Resume goes on with a suspended server.
func (o *Ops) Resume(ctx context.Context, caller *reqctx.Context, i *objects.Instance) error {
	if err := (guard{vm: []string{"suspended"}}).check(caller, i, "resume"); err != nil {
		return err
	}
	if err := o.begin(ctx, caller, i, []string{""}, "resuming", "resume"); err != nil {
		return err
	}
	return o.Compute.Resume(ctx, caller, i)
}
