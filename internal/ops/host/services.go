package host

import (
	"context"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/release"
	"github.com/nova-go/nova/internal/reqctx"
)

// Services lists the services of all cells. unknown are the hosts of the cells that do not respond; they are the names of
// nova-computes whose state is unknown.
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

// Place is a service and the cell that contains it.
type Place struct {
	*objects.Service
	cell *db.Cell
}

// Service returns the service with a UUID, or if that is "" with a row id, which several cells may have. Errors:
// ServiceNotFound, ServiceNotUnique.
func (h *Hosts) Service(ctx context.Context, uuid string, id int64) (*Place, error) {
	c, s, err := h.find(ctx, cell.ServiceQuery{UUID: uuid, ID: id})
	if err != nil {
		return nil, err
	}
	return &Place{s, c}, nil
}

// ServiceOn returns the service of a binary on a host. Errors:
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

// EvacuatedFrom reports whether servers were evacuated from the host of a service that has not started since. Until it
// starts, it does not know of the evacuation and would continue to run these servers.
func (h *Hosts) EvacuatedFrom(ctx context.Context, p *Place) (bool, error) {
	list, err := evacuations(ctx, p.cell, p.Host, 1)
	return len(list) > 0, err
}

func evacuations(ctx context.Context, c *db.Cell, host string, limit int) ([]*objects.Migration, error) {
	return cell.Migrations(ctx, c, cell.MigrationQuery{Limit: limit,
		Match: map[string]any{"source_compute": host, "status": "done", "migration_type": "evacuation"}})
}

// syncsStatus is the service version since which nova-compute maintains the trait COMPUTE_STATUS_DISABLED of its resource
// providers.
const syncsStatus = 38

// UpdateService changes the row of a nova-compute. If that enables or disables it, UpdateService calls it, so that it
// updates its trait in Placement. A failed call is only logged, because nova-compute also synchronizes the trait
// periodically.
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

// DeleteService deletes a service. For a nova-compute it also removes the host from aggregates, and deletes its resource
// providers, host mapping and compute nodes. A nova-compute that has servers or migrations in progress is rejected with an
// error of KindConflict.
func (h *Hosts) DeleteService(ctx context.Context, caller *reqctx.Caller, p *Place) error {
	if p.Binary == "nova-compute" {
		if err := h.retire(ctx, caller, p); err != nil {
			return err
		}
	}
	if err := cell.DeleteService(ctx, p.cell, p.Service, h.Release.Has(release.ComputeNodesUnmapped)); err != nil {
		return err
	}
	return h.announce(ctx, caller, "delete", p.Service)
}

// announce sends the notification of an event of a service.
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
			// As in Nova, the service is deleted nevertheless; the operator must delete the resource provider.
			h.Log.Error().Err(err).Str("host", n.Host).Msgf("Failed to delete compute node resource provider for compute node %s", n.UUID)
		}
	}
	return h.Cells.UnmapHost(ctx, p.Host)
}

// forgetProvider deletes a compute node from Placement, together with the allocations that evacuated servers still have
// there. The caller has checked that the host has no other servers.
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
