package rpc

import (
	"context"
	"errors"
	"fmt"

	"github.com/nova-go/nova/internal/osprofiler"
)

// profiledClasses are the classes of Nova whose methods nova-api traces, by topic. It loads its module of nova-conductor's methods
// before the configuration, which leaves them untraced.
var profiledClasses = map[string]string{
	"compute":   "nova.compute.rpcapi.ComputeAPI.",
	"scheduler": "nova.scheduler.rpcapi.SchedulerAPI.",
}

// profiled begins the step "rpc" of an osprofiler trace. Its info lacks the arguments, which Python writes as the text of its
// objects. The returned function ends the step.
func profiled(ctx context.Context, t Target, method string) (context.Context, func(error)) {
	class := profiledClasses[t.Topic]
	if class == "" {
		return ctx, func(error) {}
	}
	ctx, stop := osprofiler.Start(ctx, "rpc", map[string]any{"function": map[string]any{"name": class + method}})
	return ctx, func(err error) {
		if err == nil {
			stop(nil)
			return
		}
		class := fmt.Sprintf("%T", err)
		if remote, ok := errors.AsType[*RemoteError](err); ok {
			class = remote.Module + "." + remote.Class
		}
		stop(map[string]any{"etype": class, "message": err.Error()})
	}
}

// profilerDriver is the driver messaging:// of osprofiler.
type profilerDriver struct {
	notifier  *Notifier
	publisher string
	service   string
}

// Profiler returns the driver messaging:// of osprofiler: notifications of the topic "profiler" without an envelope and without a
// context, which are sent once. host is [DEFAULT] host, and service the name of the application.
func (p *Pool) Profiler(host, service string) (osprofiler.Driver, error) {
	o := p.o.Notifications
	o.Driver, o.Topics, o.Retry = []string{"messaging"}, []string{"profiler"}, 0
	n, err := p.NotifierOf(o)
	if err != nil {
		return nil, err
	}
	return &profilerDriver{n, host, "profiler." + service}, nil
}

// Notify implements osprofiler.Driver.
func (d *profilerDriver) Notify(ctx context.Context, p osprofiler.Point) error {
	return d.notifier.Deliver(ctx, nil, Event{Publisher: d.publisher, Type: d.service, Payload: p, Nobody: true})
}

// Close does nothing: the pool owns the connection.
func (d *profilerDriver) Close() error { return nil }
