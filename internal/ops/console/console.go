// Package console opens consoles of servers. It knows nothing of HTTP.
package console

import (
	"context"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/server"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/rpc/computerpc"
)

// Opener opens consoles.
type Opener struct{ Compute *computerpc.Client }

// remoteKinds are what exceptions of hosts mean to clients.
var remoteKinds = server.Kinds{
	objects.ErrConsoleNotAvailable:                    objects.KindNotFound,
	objects.ErrInstanceNotFound:                       objects.KindNotFound,
	objects.ErrConsoleTypeUnavailable:                 objects.KindInvalid,
	objects.ErrConsoleTypeInvalid:                     objects.KindInvalid,
	objects.ErrInstanceNotReady:                       objects.KindConflict,
	objects.ErrImageSerialPortNumberInvalid:           objects.KindInvalid,
	objects.ErrImageSerialPortNumberExceedFlavorValue: objects.KindInvalid,
	objects.ErrSocketPortRangeExhaustedException:      objects.KindInvalid,
}

// Console opens a console of a server: method is the host's, kind "novnc" and the
// like. The answer is what the host says: access_url, token, host, port.
func (o *Opener) Console(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, method, kind string) (map[string]any, error) {
	if i.Host == nil || *i.Host == "" {
		return nil, objects.ErrInstanceNotReady.Errorf(objects.KindConflict, "Instance %s is not ready", i.UUID)
	}
	answer, err := o.Compute.Console(ctx, caller, i, method, kind)
	return answer, server.Remote(err, remoteKinds)
}
