package host

import (
	"context"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
)

// Services lists the services of all cells, and the hosts of the cells that do
// not answer: nova-computes of which no more is known.
func (h *Hosts) Services(ctx context.Context) (services []*objects.Service, unknown []string, err error) {
	cells, err := h.Cells.All(ctx)
	if err != nil {
		return nil, nil, err
	}
	for _, r := range db.Scatter(ctx, cells, func(ctx context.Context, c *db.Cell) ([]*objects.Service, error) {
		return cell.Services(ctx, c, cell.ServiceQuery{})
	}) {
		switch {
		case r.Err == nil:
			services = append(services, r.Value...)
		case ctx.Err() != nil:
			return nil, nil, ctx.Err()
		case !db.Unanswered(r.Err):
			return nil, nil, r.Err
		default:
			hosts, err := h.Cells.HostsIn(ctx, r.Cell)
			if err != nil {
				return nil, nil, err
			}
			unknown = append(unknown, hosts...)
		}
	}
	return services, unknown, nil
}

// Place is a service with the cell it was found in.
type Place struct {
	*objects.Service
	cell *db.Cell
}

// Service finds a service by its UUID, or where that is "" by its row id, which
// several cells may have. Errors: ServiceNotFound, ServiceNotUnique.
func (h *Hosts) Service(ctx context.Context, uuid string, id int64) (*Place, error) {
	c, s, err := h.find(ctx, cell.ServiceQuery{UUID: uuid, ID: id})
	if err != nil {
		return nil, err
	}
	return &Place{s, c}, nil
}

// ServiceOn finds the service of a binary on a host. Errors:
// HostMappingNotFound, HostBinaryNotFound.
func (h *Hosts) ServiceOn(ctx context.Context, host, binary string) (*Place, error) {
	c, err := h.Cells.OfHost(ctx, host)
	if err != nil {
		return nil, err
	}
	list, err := cell.Services(ctx, c, cell.ServiceQuery{Hosts: []string{host}, Binary: binary})
	if err == nil && len(list) == 0 {
		err = objects.ErrHostBinaryNotFound.Errorf(objects.KindNotFound, "Could not find binary %s on host %s.", binary, host)
	}
	if err != nil {
		return nil, err
	}
	return &Place{list[0], c}, nil
}

// EvacuatedFrom tells whether servers were evacuated from the host of a service
// that it has not heard of yet: it would go on running them. It learns that when
// it starts.
func (h *Hosts) EvacuatedFrom(ctx context.Context, p *Place) (bool, error) {
	list, err := evacuations(ctx, p.cell, p.Host, 1)
	return len(list) > 0, err
}

func evacuations(ctx context.Context, c *db.Cell, host string, limit int) ([]*objects.Migration, error) {
	return cell.Migrations(ctx, c, cell.MigrationQuery{Limit: limit,
		Match: map[string]any{"source_compute": host, "status": "done", "migration_type": "evacuation"}})
}

// syncsStatus is the first version of nova-compute that keeps the trait
// COMPUTE_STATUS_DISABLED of its resource providers.
const syncsStatus = 38

// UpdateService changes a nova-compute. When it is enabled or disabled, it is
// told so, to tell Placement; if that fails it does so on its own later, so that
// it is no error.
func (h *Hosts) UpdateService(ctx context.Context, caller *reqctx.Caller, p *Place, u cell.ServiceUpdate) error {
	if err := cell.UpdateService(ctx, p.cell, p.Service, u); err != nil {
		return err
	}
	if err := h.announce(ctx, caller, "update", p.Service); err != nil {
		return err
	}
	if u.Disabled == nil || !h.Up(p.Service) || p.Version < syncsStatus {
		return nil
	}
	if _, err := h.Computes.SetHostEnabled(ctx, caller, p.cell.UUID, p.Host, !p.Disabled); err != nil {
		h.Log.Error().Err(err).Str("host", p.Host).Msg("An error occurred while updating the COMPUTE_STATUS_DISABLED trait; the compute " +
			"service synchronizes it by itself when it next reports")
	}
	return nil
}

// DeleteService removes a service. With a nova-compute go its place in
// aggregates, its resource providers, its host mapping and its compute nodes; it
// must have no servers and no migrations under way, or else the error is of
// KindConflict.
func (h *Hosts) DeleteService(ctx context.Context, caller *reqctx.Caller, p *Place) error {
	if p.Binary == "nova-compute" {
		if err := h.retire(ctx, caller, p); err != nil {
			return err
		}
	}
	if err := cell.DeleteService(ctx, p.cell, p.Service); err != nil {
		return err
	}
	return h.announce(ctx, caller, "delete", p.Service)
}

// announce announces what happened to a service.
func (h *Hosts) announce(ctx context.Context, caller *reqctx.Caller, event string, s *objects.Service) error {
	if !h.Notify.Versioned() {
		return nil
	}
	zone := h.InternalZone
	if s.Topic != nil && *s.Topic == "compute" {
		byHost, err := h.Zones.ByHost(ctx)
		if err != nil {
			return err
		}
		zone = h.Zones.Of(byHost, s.Host)
	}
	h.Notify.Service(ctx, caller, event, s, &zone)
	return nil
}

func (h *Hosts) retire(ctx context.Context, caller *reqctx.Caller, p *Place) error {
	n, err := cell.CountOn(ctx, p.cell, []string{p.Host})
	if err != nil {
		return err
	}
	if n > 0 {
		return objects.ErrHTTPConflict.Errorf(objects.KindConflict,
			"Unable to delete compute service that is hosting instances. Migrate or delete the instances first.")
	}
	nodes, err := cell.ComputeNodes(ctx, p.cell, cell.NodeQuery{Host: p.Host, Limit: -1})
	if err != nil {
		return err
	}
	for _, n := range nodes {
		moving, err := cell.MigrationsUnderWay(ctx, p.cell, n.Host, n.HypervisorHostname)
		if err != nil {
			return err
		}
		if len(moving) > 0 {
			return objects.ErrHTTPConflict.Errorf(objects.KindConflict, "Unable to delete compute service that has in-progress migrations. "+
				"Complete the migrations or delete the instances first.")
		}
	}
	if err := h.Aggregates.Forget(ctx, caller, p.Host); err != nil {
		return err
	}
	for _, n := range nodes {
		if err := h.forgetProvider(ctx, caller, p.cell, n); err != nil {
			// What is left there is for the operator to find; the service goes.
			h.Log.Error().Err(err).Str("host", n.Host).Msgf("Failed to delete compute node resource provider for compute node %s", n.UUID)
		}
	}
	return h.Cells.UnmapHost(ctx, p.Host)
}

// forgetProvider removes a compute node from Placement, with what servers that
// were evacuated from it still hold there. There are no servers on it any more.
func (h *Hosts) forgetProvider(ctx context.Context, caller *reqctx.Caller, c *db.Cell, n *objects.ComputeNode) error {
	gone, err := evacuations(ctx, c, n.Host, -1)
	if err != nil {
		return err
	}
	for _, m := range gone {
		if err := h.Placement.LeaveTree(ctx, caller, m.InstanceUUID, n.UUID); err != nil {
			return err
		}
	}
	return h.Placement.DeleteTree(ctx, caller, n.UUID)
}
