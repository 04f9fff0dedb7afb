package lifecycle

import (
	"context"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/server"
	"github.com/nova-go/nova/internal/reqctx"
)

// Suspend writes a server's memory to disk and stops the server.
func (o *Ops) Suspend(ctx context.Context, caller *reqctx.Caller, i *objects.Instance) error {
	err := server.First(
		func() error { return o.Servers.WithShare(ctx, i) },
		func() error { return server.WithPortAccelerator(i) },
		func() error { return server.WithAccelerator(i) },
		func() error { return o.Servers.WithEncryptedMemory(i, "suspend") },
		func() error { return server.Guard{VM: []string{"active"}}.Check(caller, i, "suspend") },
		func() error { return o.Servers.Begin(ctx, caller, i, []string{""}, "suspending", "suspend") },
	)
	if err != nil {
		return err
	}
	return o.Servers.Compute.Suspend(ctx, caller, i)
}

// Resume resumes a suspended server.
func (o *Ops) Resume(ctx context.Context, caller *reqctx.Caller, i *objects.Instance) error {
	if err := (server.Guard{VM: []string{"suspended"}}).Check(caller, i, "resume"); err != nil {
		return err
	}
	if err := o.Servers.Begin(ctx, caller, i, []string{""}, "resuming", "resume"); err != nil {
		return err
	}
	return o.Servers.Compute.Resume(ctx, caller, i)
}
