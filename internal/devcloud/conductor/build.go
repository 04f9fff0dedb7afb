package conductor

import (
	"errors"
	"fmt"
	"sync"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/devcloud/compute"
	"github.com/nova-go/nova/internal/devcloud/records"
	"github.com/nova-go/nova/internal/rpc"
	"github.com/nova-go/nova/internal/versioned"
)

// scheduleAndBuildInstances chooses hosts for new servers, inserts them into their cell and lets
// the hosts build them.
func (c *Conductor) scheduleAndBuildInstances(m *message) (any, error) {
	requests, specs := m.list("build_requests"), m.list("request_specs")
	tags := m.object("tags")
	networks := m.object("requested_networks")
	var wait sync.WaitGroup
	results := make([]error, len(requests))
	for n, request := range requests {
		var spec *versioned.Object
		if n < len(specs) {
			spec = specs[n]
		}
		one := newServer{request: request, spec: spec, tags: tags, networks: networks}
		b, err := c.scheduleInstance(m, one)
		if err != nil || b == nil {
			results[n] = err
			continue
		}
		wait.Go(func() { results[n] = c.build(m, one, *b) })
	}
	wait.Wait()
	return nil, errors.Join(results...)
}

// newServer has the arguments of schedule_and_build_instances for one server.
type newServer struct{ request, spec, tags, networks *versioned.Object }

// scheduleInstance chooses the host of a server and inserts the server into its cell. It returns
// nil if the server was deleted or no host was found.
func (c *Conductor) scheduleInstance(m *message, n newServer) (*compute.Build, error) {
	instance := n.request.Object("instance")
	server := instance.Text("uuid")
	s := &records.State{UUID: server, ProjectID: instance.Text("project_id"), UserID: instance.Text("user_id")}
	made := records.New{Instance: instance, Devices: n.request.Object("block_device_mappings").Objects("objects"),
		Tags: n.tags.Objects("objects"), Caller: m.Caller}
	flavor, err := instance.Object("flavor").Flavor()
	if err != nil {
		return nil, err
	}
	host, err := c.selectDestination(m.ctx, request{spec: n.spec, claim: func(h records.Host) (bool, error) {
		return c.Claim(s, h, flavor, n.spec.Bool("is_bfv"))
	}})
	if err != nil {
		return nil, c.failToCell0(m, made, err)
	}
	made.Set = records.Row{"availability_zone": c.Zone(m.ctx, host.Name)}
	if err := c.Records.Create(m.ctx, c.Records.Cell1, made); err != nil {
		return nil, errors.Join(err, c.Placement.Release(server))
	}
	wanted, err := c.Records.Place(m.ctx, c.Records.Cell1, server)
	if err != nil {
		return nil, err
	}
	if !wanted {
		return nil, errors.Join(c.Placement.Release(server), c.Records.Destroy(m.ctx, server))
	}
	b := &compute.Build{Server: server, Host: host, Caller: m.Caller, Networks: n.networks}
	for _, g := range n.spec.Object("security_groups").Objects("objects") {
		name := g.Text("uuid")
		if name == "" {
			name = g.Text("name")
		}
		b.Groups = append(b.Groups, name)
	}
	return b, nil
}

// buildAttempts is the number of hosts that try to build a server, Nova's default.
const buildAttempts = 3

// build lets a host build a server, and other hosts if they may succeed where it failed.
func (c *Conductor) build(m *message, n newServer, b compute.Build) error {
	server := n.request.Object("instance").Text("uuid")
	tried := []string{b.Host.Name}
	err := c.Fleet.Build(m.ctx, b)
	for errors.Is(err, compute.ErrReschedule) {
		if len(tried) == buildAttempts {
			return c.giveUp(m, server, fmt.Sprintf("Exceeded max scheduling attempts %d for instance %s.", buildAttempts, server))
		}
		s, found := c.Records.Find(m.ctx, server)
		if found != nil || s == nil {
			return found
		}
		flavor := s.Flavor
		host, none := c.selectDestination(m.ctx, request{spec: n.spec, ignore: tried, claim: func(h records.Host) (bool, error) {
			return c.Claim(s, h, flavor, n.spec.Bool("is_bfv"))
		}})
		if none != nil {
			return c.giveUp(m, server,
				fmt.Sprintf("Exhausted all hosts available for retrying build failures for instance %s.", server))
		}
		tried, b.Host = append(tried, host.Name), host
		err = c.Fleet.Build(m.ctx, b)
	}
	return err
}

// giveUp sets a server that no host could build to an error.
func (c *Conductor) giveUp(m *message, server, why string) error {
	if _, err := c.Records.Update(m.ctx, server, records.Row{"vm_state": "error", "task_state": nil}); err != nil {
		return err
	}
	return c.Records.Fault(m.ctx, c.Records.Cell1, server, "", "Exceeded maximum number of retries. "+why)
}

// failToCell0 inserts a server that could not be scheduled into cell0.
func (c *Conductor) failToCell0(m *message, n records.New, cause error) error {
	server := n.Instance.Text("uuid")
	n.Set = records.Row{"vm_state": "error", "task_state": nil, "updated_at": db.Now(m.ctx)} // nova-conductor changes the new row
	if err := c.Records.Create(m.ctx, c.Records.Cell0, n); err != nil {
		return err
	}
	if err := c.Records.FailCreate(m.ctx, c.Records.Cell0, server, "conductor_schedule_and_build_instances", serviceHost,
		messageOf(cause)); err != nil {
		return err
	}
	if err := c.Records.Fault(m.ctx, c.Records.Cell0, server, "", messageOf(cause)); err != nil {
		return err
	}
	_, err := c.Records.Place(m.ctx, c.Records.Cell0, server)
	return err
}

// messageOf returns the message of an exception.
func messageOf(err error) string {
	if e, ok := errors.AsType[*rpc.RemoteError](err); ok {
		return e.Message
	}
	return err.Error()
}
