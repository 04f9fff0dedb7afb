// Package compute stands in for nova-compute: hosts that handle nova-compute's messages and
// change the databases, the network and the volumes as nova-compute does. They do not run virtual
// machines.
package compute

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/internal/devcloud/image"
	"github.com/nova-go/nova/internal/devcloud/network"
	"github.com/nova-go/nova/internal/devcloud/placement"
	"github.com/nova-go/nova/internal/devcloud/records"
	"github.com/nova-go/nova/internal/devcloud/share"
	"github.com/nova-go/nova/internal/devcloud/volume"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/rpc"
	"github.com/nova-go/nova/internal/versioned"
)

// Plan changes the duration and the result of steps.
type Plan interface {
	// Step is called before a step of a server. It returns how long the step takes, whether it
	// never ends, and the error with which it fails, or nil.
	Step(server, host, method string, metadata map[string]string) (takes time.Duration, hangs bool, fails error)
}

// Options are the parameters of New.
type Options struct {
	Records   *records.Records
	Network   *network.Service
	Images    *image.Service
	Volumes   *volume.Service
	Shares    *share.Service
	Placement *placement.Service
	Plan      Plan
	Hosts     []string
	Zone      func(ctx context.Context, host string) string // returns the availability zone of a host
	Log       zerolog.Logger
	URL       string // address of the cloud, for consoles
	// TaskTime is the minimum duration of a task, so that clients can see the task state. Builds
	// take the time of the plan.
	TaskTime time.Duration
}

// Fleet has all hosts of a cloud. It handles the messages about one server one after the other.
type Fleet struct {
	Options

	pause   pause
	mu      sync.Mutex
	busy    map[string]*lock
	running map[string]chan string // receives how a live migration is ended early, by server
	methods map[string]method
}

type lock struct {
	sync.Mutex
	users int
}

// New returns a fleet that does not handle messages yet.
func New(o Options) *Fleet {
	f := &Fleet{Options: o, busy: map[string]*lock{}, running: map[string]chan string{}}
	f.methods = f.table()
	return f
}

// Serve handles the messages of a broker until stop is called.
func (f *Fleet) Serve(b *rpc.Memory) (stop func()) {
	var ends []func()
	for _, host := range f.Hosts {
		for _, topic := range []string{"compute", "compute-alt"} {
			ends = append(ends, b.Handle(topic, host, func(ctx context.Context, r *rpc.Request) (any, error) { return f.handle(ctx, host, r) }))
		}
	}
	return func() {
		for _, end := range ends {
			end()
		}
	}
}

// Lock locks a server until unlock is called.
func (f *Fleet) Lock(server string) (unlock func()) {
	if server == "" {
		return func() {}
	}
	f.mu.Lock()
	l := f.busy[server]
	if l == nil {
		l = &lock{}
		f.busy[server] = l
	}
	l.users++
	f.mu.Unlock()
	l.Lock()
	return func() {
		l.Unlock()
		f.mu.Lock()
		defer f.mu.Unlock()
		if l.users--; l.users == 0 {
			delete(f.busy, server)
		}
	}
}

// Job is a message that is being handled, with the current rows of its server.
type Job struct {
	*Fleet
	Ctx    context.Context
	Host   string
	Caller *reqctx.Caller
	Server *records.State // nil if the message concerns no server
	req    *rpc.Request
	least  time.Duration // minimum duration of a step
}

// method describes how a host handles a message.
type method struct {
	run func(*Job) (any, error)
	// event is the recorded event of the action; "": none.
	event string
	// broken is the VM state after a failure; "": it does not change.
	broken string
	// gone means that it is not an error if the server does not exist.
	gone bool
	// free means that the method does not lock the server, because it ends the method that holds
	// the lock.
	free bool
}

func (f *Fleet) handle(ctx context.Context, host string, r *rpc.Request) (any, error) {
	m, known := f.methods[r.Method]
	if !known {
		return nil, &rpc.RemoteError{Class: "UnsupportedVersion", Module: "oslo_messaging.rpc.client",
			Message: "Endpoint does not support RPC method " + r.Method}
	}
	var about struct {
		Data struct {
			UUID string `json:"uuid"`
		} `json:"nova_object.data"`
	}
	if err := r.Arg("instance", &about); err != nil {
		return nil, err
	}
	answer, err := f.During(ctx, func(ctx context.Context) (any, error) {
		j := &Job{Fleet: f, Ctx: ctx, Host: host, Caller: r.Caller, req: r}
		if r.Kind == rpc.KindCast && m.event != "" {
			j.least = f.TaskTime
		}
		return j.do(m, about.Data.UUID)
	})
	if !errors.Is(err, ErrHangs) {
		return answer, err
	}
	if r.Kind != rpc.KindCall {
		return nil, nil
	}
	<-ctx.Done() // until the caller's timeout
	return nil, ctx.Err()
}

// do runs the method for a server, or for none if server is "".
func (j *Job) do(m method, server string) (answer any, err error) {
	if !m.free {
		defer j.Lock(server)()
	}
	if server == "" {
		return m.run(j)
	}
	if j.Server, err = j.Records.Find(j.Ctx, server); err != nil {
		return nil, err
	}
	if j.Server == nil {
		if m.gone {
			return nil, nil
		}
		return nil, Failed("InstanceNotFound", "Instance %s could not be found.", server)
	}
	return j.Step(m.event, m.broken, j.req.Method, func() (any, error) { return m.run(j) })
}

// Step runs a step of a server as the plan says, and records it as an event of the action and a
// failure as a fault. The error is ErrHangs if the step never ends.
func (j *Job) Step(event, broken, method string, run func() (any, error)) (answer any, err error) {
	return j.record(event, broken, method, func() (any, error) {
		if err := j.wait(method); err != nil {
			return nil, err
		}
		return run()
	})
}

// ErrHangs is the error of a step that never ends. The caller of its method gets no reply, but
// other messages about the server are handled.
var ErrHangs = errors.New("the step never ends")

// plannedError is a failure that the plan asks for.
type plannedError struct{ error }

// wait waits as long as the plan says that a step takes. It returns the planned failure, or
// ErrHangs.
func (j *Job) wait(method string) error {
	takes, hangs, err := j.Plan.Step(j.Server.UUID, j.Host, method, j.Server.Metadata)
	if hangs {
		return ErrHangs
	}
	if takes = max(takes, j.least); takes > 0 {
		j.sleep(takes)
	}
	if err != nil {
		return plannedError{err}
	}
	return nil
}

// record records what run does as an event of the action, and a failure as a fault.
func (j *Job) record(event, broken, method string, run func() (any, error)) (answer any, err error) {
	var e records.Event
	if event != "" {
		if e, err = j.Records.Begin(j.Ctx, j.Server.UUID, j.Caller.RequestID, event, j.Host); err != nil {
			return nil, err
		}
	}
	return j.recordAs(e, event, broken, method, run)
}

// recordAs records what run does as an event that has begun.
func (j *Job) recordAs(e records.Event, event, broken, method string, run func() (any, error)) (answer any, err error) {
	answer, err = run()
	if errors.Is(err, ErrHangs) {
		return nil, err
	}
	if err != nil && event != "" {
		j.failed(method, broken, err)
	}
	if e2 := j.Records.Finish(j.Ctx, e, err != nil, details(err)); e2 != nil && err == nil {
		err = e2
	}
	if err = remoteError(err); err != nil && event != "" {
		err = recordedError{err}
	}
	return answer, err
}

// failed records the failure of a method in the server's VM state and as a fault, unless that has
// been done. broken is the VM state after the failure; "": it does not change.
func (j *Job) failed(method, broken string, err error) {
	if _, known := errors.AsType[recordedError](err); known {
		return
	}
	set := records.Row{"task_state": nil}
	if broken != "" {
		set["vm_state"] = broken
	}
	if _, e := j.Records.Update(j.Ctx, j.Server.UUID, set); e != nil {
		j.Log.Error().Err(e).Msg("marking a failure")
	}
	if e := j.Records.Fault(j.Ctx, j.Records.Cell1, j.Server.UUID, j.Host, faultMessage(err)); e != nil {
		j.Log.Error().Err(e).Msg("writing a fault")
	}
	j.Log.Warn().Str("server", j.Server.UUID).Str("method", method).Err(err).Msg("the stand-in compute failed")
}

// remoteError returns the remote exception of Nova that callers receive for err.
func remoteError(err error) error {
	if _, known := errors.AsType[*rpc.RemoteError](err); err == nil || known {
		return err
	}
	return &rpc.RemoteError{Class: "NovaException", Module: "nova.exception", Message: err.Error()}
}

// recordedError is an error that has been recorded as a fault.
type recordedError struct{ error }

// Unwrap returns the error.
func (r recordedError) Unwrap() error { return r.error }

// faultMessage returns the message of an error for a fault.
func faultMessage(err error) string {
	if e, ok := errors.AsType[*rpc.RemoteError](err); ok {
		return e.Message
	}
	return err.Error()
}

// details returns what an event says of a failure: the message of one of Nova's exceptions, or the
// class of another one.
func details(err error) string {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*rpc.RemoteError](err); ok && !e.Known() {
		return e.Class
	}
	return faultMessage(err)
}

func (j *Job) sleep(d time.Duration) {
	select {
	case <-time.After(d):
	case <-j.Ctx.Done():
	}
}

// arg decodes an argument of the message. If it has another type, to is unchanged.
func (j *Job) arg(name string, to any) { _ = j.req.Arg(name, to) }

func (j *Job) text(name string) string {
	var s *string
	j.arg(name, &s)
	return objects.OrZero(s)
}

func (j *Job) object(name string) *versioned.Object {
	v, err := versioned.Parse(j.req.Args[name])
	if err != nil {
		return nil
	}
	return v
}

// set updates the row of the server and the usage of its host.
func (j *Job) set(row records.Row) error {
	return j.Records.Together(j.Ctx, func(r *records.Records) error {
		if _, err := r.Update(j.Ctx, j.Server.UUID, row); err != nil {
			return err
		}
		return r.Usage(j.Ctx, j.Host)
	})
}

// Failed returns an exception of Nova.
func Failed(class, format string, args ...any) error {
	return &rpc.RemoteError{Class: class, Module: "nova.exception", Message: fmt.Sprintf(format, args...)}
}

// The power states of servers in the cloud.
const (
	running  = 1
	shutdown = 4
)

// done returns the columns that end a task, with more.
func done(more records.Row) records.Row {
	more["task_state"] = nil
	return more
}

// withoutHost returns the columns of a server that is on no host any more, with more. Without a
// host it is in no availability zone.
func withoutHost(more records.Row) records.Row {
	for _, column := range []string{"host", "node", "compute_id", "launched_on", "availability_zone"} {
		more[column] = nil
	}
	return more
}

func (f *Fleet) refresh(ctx context.Context, server string) error {
	order, err := f.Records.Interfaces(ctx, server)
	if err != nil {
		return err
	}
	return f.Records.SetNetwork(ctx, server, f.Network.VIFs(server, order))
}

// NetworkChanged updates a server's info cache.
func (f *Fleet) NetworkChanged(server string) {
	if err := f.refresh(context.Background(), server); err != nil {
		f.Log.Error().Err(err).Str("server", server).Msg("refreshing an info cache")
	}
}

// raw returns text as a result that is JSON already.
func raw(text string) any { return json.RawMessage(text) }
