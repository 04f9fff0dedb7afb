package instance

import (
	"context"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
)

// Step records an action that the API does itself, in one step.
func (o *Ops) Step(ctx context.Context, caller *reqctx.Context, i *objects.Instance, action, event string, do func() error) error {
	return o.step(ctx, caller, i, action, event, do)
}

// HostUp refuses a server whose nova-compute is away: ServiceUnavailable, or
// InstanceNotReady where it is on no host. The server must have been loaded with
// its services.
func (o *Ops) HostUp(i *objects.Instance) error {
	switch {
	case text(i.Host) == "":
		return objects.Errorf(objects.KindConflict, "InstanceNotReady", "Instance %s is not ready", i.UUID)
	case i.Service == nil || !i.Service.Up(o.Now(), o.DownTime):
		return objects.Errorf(objects.KindConflict, "ServiceUnavailable", "Service is unavailable at this time.")
	}
	return nil
}
