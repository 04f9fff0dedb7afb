package notify

import (
	"context"
	"errors"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/pytext"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/rpc"
	"github.com/nova-go/nova/internal/versioned"
)

// Call is a call of a method of Nova's compute API, with its name and arguments in Nova. Its failure is announced.
type Call struct {
	Service string // first part of the publisher: "compute", "api"
	Method  string // "create_aggregate"
	Args    map[string]any
}

// Failed sends the notifications of a call that returned an error: unversioned under the name of the method, and versioned
// as compute.exception. If err is nil, it sends nothing. The traceback contains only the error, because there is no Python
// stack.
func (n *Notifier) Failed(ctx context.Context, caller *reqctx.Caller, c Call, err error) {
	if err == nil || !n.Legacy() && !n.Versioned() {
		return
	}
	class, text := "Exception", err.Error()
	if e, ok := errors.AsType[*objects.Error](err); ok && e.Class != (objects.Class{}) {
		class = e.Class.Name()
	}
	if n.Legacy() {
		shown := "{'kwargs': {}, 'message': " + pytext.Repr(text) + ", 'class': " + pytext.Repr(class) + "}"
		n.legacy.Notify(ctx, caller, rpc.Event{Publisher: c.Service + "." + n.host, Type: c.Method, Priority: "ERROR",
			Payload: map[string]any{"exception": shown, "args": c.Args}})
	}
	if n.Versioned() {
		n.versioned.Notify(ctx, caller, rpc.Event{Publisher: "nova-api:" + n.host, Type: "compute.exception", Priority: "ERROR",
			Payload: versioned.Loaded("ExceptionPayload", map[string]any{"module_name": "nova.compute.api", "function_name": c.Method,
				"exception": class, "exception_message": text, "traceback": "nova.exception." + class + ": " + text + "\n"})})
	}
}
