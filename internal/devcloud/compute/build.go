package compute

import (
	"context"
	"errors"
	"fmt"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/devcloud/records"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/rpc"
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

// ErrReschedule is the error of a build that has failed for a reason that may not exist on another
// host.
var ErrReschedule = errors.New("the build is to be tried on another host")

// Build builds a server: it becomes active or an error. If the server is deleted meanwhile, its
// resources are released. With ErrReschedule the server is on no host, and still building.
func (f *Fleet) Build(ctx context.Context, b Build) error {
	defer f.Lock(b.Server)()
	s, err := f.Records.Find(ctx, b.Server)
	if err != nil || s == nil {
		return err
	}
	j := &Job{Fleet: f, Ctx: ctx, Host: b.Host.Name, Caller: b.Caller, Server: s}
	const event = "compute__do_build_and_run_instance"
	zone := f.Zone(ctx, b.Host.Name)
	var begun records.Event
	err = j.Records.Together(ctx, func(r *records.Records) (err error) {
		if begun, err = r.Begin(ctx, b.Server, b.Caller.RequestID, event, b.Host.Name); err != nil {
			return err
		}
		if err := advance(ctx, r, b.Server, []string{"scheduling", ""}, records.Row{"task_state": nil}); err != nil {
			return err
		}
		return advance(ctx, r, b.Server, []string{""}, records.Row{"host": b.Host.Name, "node": b.Host.Name, "launched_on": b.Host.Name,
			"compute_id": b.Host.ID, "task_state": "networking", "availability_zone": zone})
	})
	if err != nil {
		return j.overtaken(err)
	}
	s.Host, s.Zone = b.Host.Name, zone
	reschedule := false
	_, err = j.recordAs(begun, event, "error", "build_and_run_instance", func() (any, error) {
		err := j.spawn(b)
		if _, planned := errors.AsType[plannedError](err); planned || errors.Is(err, ErrHangs) {
			return nil, err
		}
		if err == nil || errors.Is(err, errOvertaken) {
			return nil, j.overtaken(err)
		}
		// As in Nova the event is a success: the method returns how the build has ended.
		reschedule, err = j.endBuild(err)
		return nil, err
	})
	switch {
	case errors.Is(err, ErrHangs):
		return nil
	case err != nil: // a planned failure
		return errors.Join(err, j.unspawn(records.Row{}))
	case reschedule:
		return ErrReschedule
	}
	return nil
}

// errOvertaken is the error of a build whose server is being deleted.
var errOvertaken = errors.New("the server is being deleted")

// advance sets the next task state of a server that has one of the given task states; "" stands
// for none.
func advance(ctx context.Context, r *records.Records, server string, from []string, row records.Row) error {
	still, err := r.UpdateWhile(ctx, server, from, row)
	if err == nil && !still {
		err = errOvertaken
	}
	return err
}

// overtaken ends a build whose server is being deleted: the deletion releases its resources,
// unless it has ended already. It returns other errors unchanged.
func (j *Job) overtaken(err error) error {
	if !errors.Is(err, errOvertaken) {
		return err
	}
	if left, err := j.Records.Find(j.Ctx, j.Server.UUID); err != nil || left != nil {
		return err
	}
	return j.Clean()
}

// endBuild ends a failed build: with a fault, or for failures that may not occur on another host
// with the task state scheduling.
func (j *Job) endBuild(cause error) (reschedule bool, err error) {
	why, aborts := abortReason(cause)
	j.Log.Warn().Str("server", j.Server.UUID).Err(cause).Msg("the stand-in compute did not build the server")
	if !aborts {
		return true, j.unspawn(records.Row{"task_state": "scheduling"})
	}
	text := fmt.Sprintf("Build of instance %s aborted: %s", j.Server.UUID, why)
	if err := j.Records.Fault(j.Ctx, j.Records.Cell1, j.Server.UUID, j.Host, text); err != nil {
		return false, err
	}
	return false, j.unspawn(done(records.Row{"vm_state": "error"}))
}

// deviceError is a failure of the block devices of a new server.
type deviceError struct{ error }

// Unwrap returns the error.
func (e deviceError) Unwrap() error { return e.error }

// abortReason returns the reason that nova-compute gives when it aborts a build because of a
// failure. aborts is false if it lets another host try.
func abortReason(cause error) (why string, aborts bool) {
	if _, isDevice := errors.AsType[deviceError](cause); isDevice {
		return faultMessage(cause), true
	}
	e, known := errors.AsType[*rpc.RemoteError](cause)
	if !known {
		return "", false
	}
	switch e.Class {
	case "NoMoreFixedIps":
		return "Failed to allocate the network(s) with error " + e.Message + ", not rescheduling.", true
	case "ExternalNetworkAttachForbidden":
		return "Failed to allocate the network(s), not rescheduling.", true
	case "InvalidInput":
		return e.Message, true
	}
	return "", false
}

func (j *Job) spawn(b Build) error {
	s := j.Server
	wanted := requestedNetworks(b.Networks)
	var plugged []records.Interface
	var noNetwork error // nova-compute notices it when the server is spawned
	if !wanted.none {
		plugged, noNetwork = j.allocate(wanted, b.Groups)
	}
	var order []string
	for _, i := range plugged {
		order = append(order, i.Port)
	}
	root, err := j.devices()
	if err != nil {
		return err
	}
	if noNetwork != nil {
		_, err := j.Records.Update(j.Ctx, s.UUID, records.Row{"root_device_name": root})
		return errors.Join(noNetwork, err)
	}
	if err := j.wait("build_and_run_instance"); err != nil {
		return err
	}
	ready := done(records.Row{"vm_state": "active", "power_state": running})
	if root != "" {
		ready["root_device_name"] = root
	}
	vifs := j.Network.VIFs(s.UUID, order)
	return j.Records.Together(j.Ctx, func(r *records.Records) (err error) {
		for _, i := range plugged {
			if err := r.AddInterface(j.Ctx, s.UUID, i); err != nil {
				return err
			}
		}
		if !wanted.none {
			if err := r.SetNetwork(j.Ctx, s.UUID, vifs); err != nil {
				return err
			}
		}
		ready["launched_at"] = db.Now(j.Ctx)
		if err := advance(j.Ctx, r, s.UUID, []string{"spawning"}, ready); err != nil {
			return err
		}
		return r.Usage(j.Ctx, j.Host)
	})
}

// unspawn releases the resources of a server whose build has failed, and takes it off its host.
func (j *Job) unspawn(row records.Row) error {
	return errors.Join(j.dropVolumes(), j.Clean(), j.set(withoutHost(row)))
}

// Clean releases the ports, volumes and allocations of a server.
func (j *Job) Clean() error {
	if err := j.Network.Unplug(j.Server.UUID, ""); err != nil {
		return err
	}
	return j.Placement.Release(j.Server.UUID)
}
