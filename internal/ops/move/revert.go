package move

import (
	"context"
	"encoding/json"
	"errors"

	dbapi "github.com/nova-go/nova/internal/db/api"
	"github.com/nova-go/nova/internal/hardware"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/server"
	"github.com/nova-go/nova/internal/reqctx"
)

// Revert returns a server to the host and the flavor that it had before a resize or migration. Errors:
// MigrationNotFoundByStatus, TooManyInstances.
func (o *Ops) Revert(ctx context.Context, caller *reqctx.Caller, i *objects.Instance) error {
	if err := (server.Guard{VM: []string{"resized"}}).Check(caller, i, "revertResize"); err != nil {
		return err
	}
	m, err := o.finished(ctx, i)
	if err != nil {
		return err
	}
	spec, err := o.spec(ctx, i)
	if err != nil {
		return err
	}
	old := i.OldFlavor
	if old == nil {
		return errors.New("the server has no old flavor to revert to")
	}
	if err := o.roomFor(ctx, i, i.Flavor, old); err != nil { // after a resize to a smaller flavor, the revert needs more
		return err
	}
	zones, err := o.Servers.Reader.Zones(ctx)
	if err != nil {
		return err
	}
	zone := zones(objects.OrZero(m.SourceCompute))
	if err := o.revertSpec(ctx, i, spec, old); err != nil {
		return err
	}
	err = o.Servers.Save(ctx, i, []string{""}, func(i *objects.Instance) { i.AvailabilityZone, i.TaskState = &zone, new("resize_reverting") })
	if err != nil {
		return err
	}
	if err := o.setStatus(ctx, i, m, "reverting"); err != nil {
		return err
	}
	if err := o.Servers.Record(ctx, caller, i, "revertResize"); err != nil {
		return err
	}
	if m.CrossCell {
		return o.Servers.Conductor.RevertSnapshotBasedResize(ctx, caller, i, m)
	}
	return o.Servers.Compute.RevertResize(ctx, caller, i, m, spec)
}

// revertSpec writes the old flavor to the request spec, and adds the resource requests of the server's ports, which are
// not stored with it.
func (o *Ops) revertSpec(ctx context.Context, i *objects.Instance, spec *objects.RequestSpec, old *objects.Flavor) error {
	if spec.Flavor == nil || spec.Flavor.ID != old.ID {
		meta, err := imageMeta(o.Servers.Release, i)
		if err != nil {
			return err
		}
		numa, err := hardware.Topology(o.Servers.Release, old, meta)
		if err != nil {
			return err
		}
		spec.Flavor, spec.NUMATopology = old, numa
		if numa != nil {
			spec.Change("numa_topology")
		}
		if err := dbapi.SaveRequestSpec(ctx, o.Servers.Reader.API, o.Servers.Release, spec, "flavor", "numa_topology"); err != nil {
			return err
		}
	}
	if !hasAllocation(i) {
		return nil
	}
	asked, err := o.Ports.PortRequests(ctx, i.UUID)
	if err != nil {
		return err
	}
	spec.Resources, spec.LevelParams = asked.Resources, asked.Level
	if spec.Resources == nil {
		spec.Resources = []*objects.RequestGroup{}
	}
	if spec.LevelParams == nil {
		spec.LevelParams = &objects.RequestLevelParams{Empty: true}
	}
	spec.Change("requested_resources", "request_level_params")
	return nil
}

// hasAllocation reports whether a port of the server has an allocation in Placement.
func hasAllocation(i *objects.Instance) bool {
	vifs, err := objects.ParseNetworkInfo([]byte(i.NetworkInfo()))
	if err != nil {
		return false
	}
	for _, v := range vifs {
		var profile struct {
			Allocation json.RawMessage `json:"allocation"`
		}
		if json.Unmarshal(v.Profile, &profile) == nil && len(profile.Allocation) > 0 {
			switch string(profile.Allocation) {
			case "null", `""`, "{}":
			default:
				return true
			}
		}
	}
	return false
}
