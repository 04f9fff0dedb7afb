package notify

import (
	"context"
	"errors"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/rpc"
	"github.com/nova-go/nova/internal/versioned"
)

// Call is a method of Nova's compute API, by its name there, and what it was called
// with: its failures are announced.
type Call struct {
	Service string // of the publisher: "compute", "api"
	Method  string // "create_aggregate"
	Args    map[string]any
}

// Failed announces that a call ended in an error: in the old form under the name of
// the method, and as compute.exception. nil is no error. As nobody else has Python's
// stack, the traceback says no more than the error.
func (n *Notifier) Failed(ctx context.Context, caller *reqctx.Caller, c Call, err error) {
	if err == nil || !n.Legacy() && !n.Versioned() {
		return
	}
	class, text := "Exception", err.Error()
	if e, ok := errors.AsType[*objects.Error](err); ok && e.Class != (objects.Class{}) {
		class = e.Class.Name()
	}
	if n.Legacy() {
		shown := "{'kwargs': {}, 'message': " + objects.Quoted(text) + ", 'class': " + objects.Quoted(class) + "}"
		n.legacy.Notify(ctx, caller, rpc.Event{Publisher: c.Service + "." + n.host, Type: c.Method, Priority: "ERROR",
			Payload: map[string]any{"exception": shown, "args": c.Args}})
	}
	if n.Versioned() {
		n.versioned.Notify(ctx, caller, rpc.Event{Publisher: "nova-api:" + n.host, Type: "compute.exception", Priority: "ERROR",
			Payload: versioned.Loaded("ExceptionPayload", map[string]any{"module_name": "nova.compute.api", "function_name": c.Method,
				"exception": class, "exception_message": text, "traceback": "nova.exception." + class + ": " + text + "\n"})})
	}
}
