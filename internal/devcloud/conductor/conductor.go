// Package conductor stands in for nova-conductor and nova-scheduler: it handles the messages of
// compute_task, chooses hosts and lets them do the work.
package conductor

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"

	"github.com/nova-go/nova/internal/devcloud/compute"
	"github.com/nova-go/nova/internal/devcloud/records"
	"github.com/nova-go/nova/internal/rpc"
	"github.com/nova-go/nova/internal/versioned"
)

// serviceHost is the host of the services other than nova-compute.
const serviceHost = "dev"

// Conductor is the conductor and the scheduler of one cloud.
type Conductor struct {
	*compute.Fleet
	methods map[string]func(*message) (any, error)

	choosing sync.Mutex // serializes the choice of hosts, so that each one sees the claims of the previous one
}

// New returns a conductor for a fleet of hosts.
func New(f *compute.Fleet) *Conductor {
	c := &Conductor{Fleet: f}
	c.methods = map[string]func(*message) (any, error){
		"schedule_and_build_instances":  c.scheduleAndBuildInstances,
		"migrate_server":                c.migrateServer,
		"live_migrate_instance":         func(m *message) (any, error) { return c.liveMigrate(m, "conductor_live_migrate_instance") },
		"rebuild_instance":              c.rebuildInstance,
		"unshelve_instance":             c.unshelveInstance,
		"attach_volume":                 c.attachVolume,
		"confirm_snapshot_based_resize": c.confirmSnapshotBasedResize,
		"cache_images":                  func(*message) (any, error) { return nil, nil },
	}
	return c
}

// Serve handles the messages of a broker until stop is called. Messages to the scheduler have no
// effect, because this scheduler reads the databases for each choice.
func (c *Conductor) Serve(b *rpc.Memory) (stop func()) {
	ends := []func(){
		b.Handle("conductor", serviceHost, c.handle),
		b.Handle("scheduler", serviceHost, func(context.Context, *rpc.Request) (any, error) { return nil, nil }),
	}
	return func() {
		for _, end := range ends {
			end()
		}
	}
}

// message is a message that is being handled.
type message struct {
	ctx context.Context
	*rpc.Request
}

func (c *Conductor) handle(ctx context.Context, r *rpc.Request) (any, error) {
	run := c.methods[r.Method]
	if run == nil {
		return nil, &rpc.RemoteError{Class: "UnsupportedVersion", Module: "oslo_messaging.rpc.client",
			Message: "Endpoint does not support RPC method " + r.Method}
	}
	answer, err := c.During(ctx, func(ctx context.Context) (any, error) { return run(&message{ctx, r}) })
	if errors.Is(err, compute.ErrHangs) {
		if r.Kind == rpc.KindCall {
			<-ctx.Done() // until the caller's timeout
			return nil, ctx.Err()
		}
		return nil, nil
	}
	if err != nil {
		c.Log.Warn().Str("method", r.Method).Err(err).Msg("the stand-in conductor failed")
	}
	if _, known := errors.AsType[*rpc.RemoteError](err); err != nil && !known {
		err = &rpc.RemoteError{Class: "NovaException", Module: "nova.exception", Message: err.Error()}
	}
	return answer, err
}

// object returns an argument that is a versioned object, or nil.
func (m *message) object(arg string) *versioned.Object {
	v, err := versioned.Parse(m.Args[arg])
	if err != nil {
		return nil
	}
	return v
}

func (m *message) list(arg string) []*versioned.Object {
	var list []json.RawMessage
	if err := m.Arg(arg, &list); err != nil {
		return nil
	}
	var out []*versioned.Object
	for _, text := range list {
		if v, err := versioned.Parse(text); err == nil {
			out = append(out, v)
		}
	}
	return out
}

// job returns a job for the server of a message. It locks the server until done is called.
func (c *Conductor) job(m *message) (j *compute.Job, done func(), err error) {
	server := m.object("instance").Text("uuid")
	done = c.Lock(server)
	s, err := c.Records.Find(m.ctx, server)
	if err == nil && s == nil {
		err = compute.Failed("InstanceNotFound", "Instance %s could not be found.", server)
	}
	if err != nil {
		done()
		return nil, nil, err
	}
	return &compute.Job{Fleet: c.Fleet, Ctx: m.ctx, Host: s.Host, Caller: m.Caller, Server: s}, done, nil
}

// noValidHost returns Nova's exception NoValidHost.
func noValidHost(reason string) error {
	return compute.Failed("NoValidHost", "No valid host was found. %s", reason)
}

// Report updates the rows of the cloud's services, as services do periodically.
func (c *Conductor) Report(ctx context.Context) error {
	for binary, topic := range map[string]string{"nova-conductor": "conductor", "nova-scheduler": "scheduler"} {
		if _, err := c.Records.Report(ctx, serviceHost, binary, topic); err != nil {
			return err
		}
	}
	for _, host := range c.Hosts {
		if _, _, down := c.Plan.Step("", host, "report", nil); down != nil {
			continue
		}
		if _, err := c.Records.Report(ctx, host, "nova-compute", "compute"); err != nil {
			return err
		}
	}
	return nil
}

// Start inserts the hosts and services of the cloud.
func (c *Conductor) Start(ctx context.Context) error {
	for _, host := range c.Hosts {
		if err := c.Records.AddHost(ctx, host); err != nil {
			return err
		}
	}
	hosts, err := c.Records.Hosts(ctx)
	if err != nil {
		return err
	}
	for _, h := range hosts {
		if slices.Contains(c.Hosts, h.Name) {
			if err := c.Placement.AddHost(h.UUID, h.Name, records.VCPUs, records.MemoryMB, records.DiskGB); err != nil {
				return err
			}
		}
	}
	return c.Report(ctx)
}
