// Package console opens consoles of servers. It does not depend on HTTP.
package console

import (
	"context"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/server"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/rpc/computerpc"
)

// Opener opens consoles with RPC calls to the servers' hosts.
type Opener struct{ Compute *computerpc.Client }

// remoteKinds maps the exceptions of nova-compute to the kinds of errors that clients receive.
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

// Console opens a console of a server. method is the RPC method of nova-compute, kind the console type such as "novnc".
// The result is nova-compute's: access_url, token, host, port.
func (o *Opener) Console(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, method, kind string) (map[string]any, error) {
	if i.Host == nil || *i.Host == "" {
		return nil, objects.ErrInstanceNotReady.Errorf(objects.KindConflict, "Instance %s is not ready", i.UUID)
	}
	answer, err := o.Compute.Console(ctx, caller, i, method, kind)
	return answer, server.Supported(server.Remote(err, remoteKinds))
}
