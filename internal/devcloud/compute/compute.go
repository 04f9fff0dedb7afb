// Package compute stands in for nova-compute: hosts that take the messages which
// nova-compute takes, and leave in the databases, in the network and at the
// volumes what it would. No machine runs.
package compute

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/devcloud/image"
	"github.com/nova-go/nova/internal/devcloud/network"
	"github.com/nova-go/nova/internal/devcloud/placement"
	"github.com/nova-go/nova/internal/devcloud/records"
	"github.com/nova-go/nova/internal/devcloud/volume"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/rpc"
	"github.com/nova-go/nova/internal/versioned"
)

// Plan says what is to go otherwise than at once and well.
type Plan interface {
	// Step is asked before a step of a server is done: how long it takes, and how it
	// fails. A step that hangs never ends.
	Step(server, host, method string, metadata map[string]string) (takes time.Duration, hangs bool, fails error)
}

// Options make a Fleet.
type Options struct {
	Records   *records.Records
	Network   *network.Service
	Images    *image.Service
	Volumes   *volume.Service
	Placement *placement.Service
	Plan      Plan
	Hosts     []string
	Zone      func(ctx context.Context, host string) string // availability zone of a host
	Log       zerolog.Logger
	URL       string // of the cloud, for consoles
	// TaskTime is how long what is done to a server takes at least: clients see the
	// task. Builds take the time of the plan.
	TaskTime time.Duration
}

// Fleet is all hosts. What is done to one server is done one after the other.
type Fleet struct {
	Options

	mu      sync.Mutex
	busy    map[string]*lock
	running map[string]chan string // ends of live migrations that take their time, by server
	methods map[string]method
}

type lock struct {
	sync.Mutex
	users int
}

// New makes a fleet, whose hosts are not served yet.
func New(o Options) *Fleet {
	f := &Fleet{Options: o, busy: map[string]*lock{}, running: map[string]chan string{}}
	f.methods = f.table()
	return f
}

// Serve has the hosts take messages of a broker, until stop is called.
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

// Lock keeps everybody else from a server until the answer is called.
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

// Job is a message under way: the server it is about as its rows are now.
type Job struct {
	*Fleet
	Ctx    context.Context
	Host   string
	Caller *reqctx.Caller
	Server *records.State // nil where the message is about none
	req    *rpc.Request
	least  time.Duration // how long a step takes at least
	hangs  bool          // a step of it never ends
}

// method is what a host does for a message.
type method struct {
	run func(*Job) (any, error)
	// event is the step that is recorded; "": none.
	event string
	// broken is the vm state that a failure leaves; "": the one before.
	broken string
	// gone is good enough: the server need not be there any more.
	gone bool
	// free needs no lock of the server: it ends what holds it.
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
	j := &Job{Fleet: f, Ctx: ctx, Host: host, Caller: r.Caller, req: r}
	if r.Kind == rpc.KindCast && m.event != "" {
		j.least = f.TaskTime
	}
	answer, err := j.do(m, about.Data.UUID)
	if j.hangs && r.Kind == rpc.KindCall {
		<-ctx.Done() // the caller gives up
		return nil, ctx.Err()
	}
	return answer, err
}

// do runs the method, about a server if there is one.
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

// Step does a step of a server as the plan wants it, and records it: as an event
// of the action, and a failure as a fault. Of one that hangs there is no answer: a
// call gets none, either, but other messages about the server go on.
func (j *Job) Step(event, broken, method string, run func() (any, error)) (answer any, err error) {
	s := j.Server
	var e records.Event
	if event != "" {
		if e, err = j.Records.Begin(j.Ctx, s.UUID, j.Caller.RequestID, event, j.Host); err != nil {
			return nil, err
		}
	}
	takes, hangs, err := j.Plan.Step(s.UUID, j.Host, method, s.Metadata)
	if hangs {
		j.hangs = true
		return nil, nil
	}
	if takes = max(takes, j.least); takes > 0 {
		j.sleep(takes)
	}
	if err == nil {
		answer, err = run()
	}
	if err != nil && event != "" {
		j.failed(method, broken, err)
	}
	if e2 := j.Records.Finish(j.Ctx, e, err); e2 != nil && err == nil {
		err = e2
	}
	if err = remote(err); err != nil && event != "" {
		err = recorded{err}
	}
	return answer, err
}

// failed records that a method has failed for the server, unless that is done already:
// in its state, and as a fault. broken is the vm state that it leaves; "": the one before.
func (j *Job) failed(method, broken string, err error) {
	if _, known := errors.AsType[recorded](err); known {
		return
	}
	set := records.Row{"task_state": nil}
	if broken != "" {
		set["vm_state"] = broken
	}
	if _, e := j.Records.Update(j.Ctx, j.Server.UUID, set); e != nil {
		j.Log.Error().Err(e).Msg("marking a failure")
	}
	if e := j.Records.Fault(j.Ctx, j.Records.Cell1, j.Server.UUID, j.Host, said(err)); e != nil {
		j.Log.Error().Err(e).Msg("writing a fault")
	}
	j.Log.Warn().Str("server", j.Server.UUID).Str("method", method).Err(err).Msg("the stand-in compute failed")
}

// remote is an error as callers of the host get it: an exception of Nova.
func remote(err error) error {
	if _, known := errors.AsType[*rpc.RemoteError](err); err == nil || known {
		return err
	}
	return &rpc.RemoteError{Class: "NovaException", Module: "nova.exception", Message: err.Error()}
}

// recorded is an error that is written down already.
type recorded struct{ error }

// Unwrap is the error itself.
func (r recorded) Unwrap() error { return r.error }

// said is an error as clients see it.
func said(err error) string {
	if e, ok := errors.AsType[*rpc.RemoteError](err); ok {
		return e.Message
	}
	return err.Error()
}

func (j *Job) sleep(d time.Duration) {
	select {
	case <-time.After(d):
	case <-j.Ctx.Done():
	}
}

// arg reads an argument of the message; what is no such thing stays empty.
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

// set changes the row of the server, and counts anew what its host has.
func (j *Job) set(row records.Row) error {
	return j.Records.Together(j.Ctx, func(r *records.Records) error {
		if _, err := r.Update(j.Ctx, j.Server.UUID, row); err != nil {
			return err
		}
		return r.Usage(j.Ctx, j.Host)
	})
}

// Failed is an exception of Nova, as a compute answers with.
func Failed(class, format string, args ...any) error {
	return &rpc.RemoteError{Class: class, Module: "nova.exception", Message: fmt.Sprintf(format, args...)}
}

// Power states that hosts of the cloud know.
const (
	running  = 1
	shutdown = 4
)

// done is a change of the row with which a task ends.
func done(more records.Row) records.Row {
	more["task_state"] = nil
	return more
}

func (f *Fleet) refresh(ctx context.Context, server string) error {
	return f.Records.SetNetwork(ctx, server, f.Network.VIFs(server))
}

// NetworkChanged writes a server's info cache anew.
func (f *Fleet) NetworkChanged(server string) {
	if err := f.refresh(context.Background(), server); err != nil {
		f.Log.Error().Err(err).Str("server", server).Msg("refreshing an info cache")
	}
}

// now is the time as MySQL would keep it, so that clients see what production shows.
func now() time.Time { return db.Now().Truncate(time.Second) }

// raw is what is answered as it is.
func raw(text string) any { return json.RawMessage(text) }
