package compute

import (
	"context"

	"github.com/nova-go/nova/internal/devcloud/network"
	"github.com/nova-go/nova/internal/devcloud/records"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/versioned"
)

// Build is a server for a host to build. Its rows are in the cell already.
type Build struct {
	Server   string
	Host     records.Host
	Caller   *reqctx.Caller
	Networks *versioned.Object // a NetworkRequestList, or nil
	Groups   []string          // security groups
}

// Build builds a server: it becomes active or an error. If the server is deleted meanwhile, its
// resources are released.
func (f *Fleet) Build(ctx context.Context, b Build) error {
	defer f.Lock(b.Server)()
	s, err := f.Records.Find(ctx, b.Server)
	if err != nil || s == nil {
		return err
	}
	j := &Job{Fleet: f, Ctx: ctx, Host: b.Host.Name, Caller: b.Caller, Server: s}
	zone := f.Zone(ctx, b.Host.Name)
	if _, err := j.Records.Update(ctx, b.Server, records.Row{"host": b.Host.Name, "node": b.Host.Name, "launched_on": b.Host.Name,
		"compute_id": b.Host.ID, "task_state": "spawning", "availability_zone": zone}); err != nil {
		return err
	}
	s.Host, s.Zone = b.Host.Name, zone
	_, err = j.Step("compute__do_build_and_run_instance", "error", "build_and_run_instance", func() (any, error) { return nil, j.spawn(b) })
	return err
}

func (j *Job) spawn(b Build) error {
	s := j.Server
	owner := network.Server{ID: s.UUID, Project: s.ProjectID, Host: j.Host, Zone: s.Zone, Groups: b.Groups}
	asks, none, auto := interfaces(b.Networks)
	var plugged []string
	if !none {
		var err error
		if plugged, err = j.Network.Plug(owner, asks, auto); err != nil {
			return j.unspawn(err)
		}
	}
	root, err := j.devices()
	if err != nil {
		return j.unspawn(err)
	}
	vifs, still := j.Network.VIFs(s.UUID), false
	err = j.Records.Together(j.Ctx, func(r *records.Records) (err error) {
		for _, port := range plugged {
			if err := r.AddInterface(j.Ctx, s.UUID, j.mac(port), port); err != nil {
				return err
			}
		}
		if !none {
			if err := r.SetNetwork(j.Ctx, s.UUID, vifs); err != nil {
				return err
			}
		}
		if still, err = r.UpdateWhile(j.Ctx, s.UUID, "spawning", done(records.Row{"vm_state": "active", "power_state": running,
			"launched_at": now(), "root_device_name": root})); err != nil || !still {
			return err
		}
		return r.Usage(j.Ctx, j.Host)
	})
	if err != nil || still {
		return err
	}
	// The server is being deleted. The deletion releases its resources, unless it has ended
	// already.
	if left, err := j.Records.Find(j.Ctx, s.UUID); err != nil || left != nil {
		return err
	}
	return j.Clean()
}

// unspawn releases the resources of a server whose build has failed.
func (j *Job) unspawn(cause error) error {
	if err := j.Clean(); err != nil {
		return err
	}
	return cause
}

// Clean releases the ports, volumes and allocations of a server.
func (j *Job) Clean() error {
	if err := j.Network.Unplug(j.Server.UUID, ""); err != nil {
		return err
	}
	return j.Placement.Release(j.Server.UUID)
}

func (j *Job) mac(port string) string {
	mac, _ := j.Network.VIF(port)["address"].(string)
	return mac
}

// interfaces returns the requested interfaces.
func interfaces(v *versioned.Object) (asks []network.Ask, none, auto bool) {
	for _, r := range v.Objects("objects") {
		switch id := r.Text("network_id"); {
		case id == "none":
			return nil, true, false
		case id == "auto":
			return nil, false, true
		default:
			asks = append(asks, network.Ask{Network: id, Port: r.Text("port_id"), Address: r.Text("address")})
		}
	}
	return asks, false, false
}
