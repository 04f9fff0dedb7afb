package aggregate

import (
	"context"
	"errors"
	"fmt"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
)

func errHostNotFound(host string) error {
	return objects.ErrComputeHostNotFound.Errorf(objects.KindNotFound, "Compute host %s could not be found.", host)
}

// AddHost adds a host to the aggregate with a row id, and the host's first compute node to the aggregate in Placement. A
// failure of Placement is only logged, as in Nova: `nova-manage placement sync_aggregates` corrects it.
//
// Errors: ComputeHostNotFound, AggregateNotFound, InvalidAggregateActionAdd, AggregateHostExists.
func (a *Aggregates) AddHost(ctx context.Context, caller *reqctx.Caller, id int64, host string) (*objects.Aggregate, error) {
	a.Notify.AggregateOf(ctx, caller, "addhost.start", id, map[string]any{"host_name": host})
	c, service, err := a.Hosts.ComputeAnywhere(ctx, host)
	if err != nil {
		return nil, err
	}
	if service.Host != host { // MySQL compares host names without case, Nova's API does not
		return nil, errHostNotFound(host)
	}
	g, err := a.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	a.Notify.Aggregate(ctx, caller, "add_host.start", g)
	if zone := g.Zone(); zone != nil {
		if *zone == "" {
			return nil, rejectionError(addRejection, g, "Aggregate "+g.Name+" does not support empty named availability zone")
		}
		if err := a.checkConflict(ctx, g, *zone, []string{host}, addRejection); err != nil {
			return nil, err
		}
		if err := a.checkMove(ctx, c, g, host, addRejection); err != nil {
			return nil, err
		}
	}
	if err := a.Store.AddHost(ctx, g, host); err != nil {
		return nil, err
	}
	if err := a.tell(ctx, caller, g); err != nil {
		return nil, err
	}
	node, err := firstNode(ctx, c, host)
	if err != nil {
		return nil, err
	}
	if err := a.Placement.JoinAggregate(ctx, caller, node, g.UUID); err != nil {
		a.Log.Warn().Err(err).Msgf("Failed to associate %s with a placement aggregate. This may be corrected after running nova-manage "+
			"placement sync_aggregates.", node)
	}
	a.announce(ctx, caller, "addhost.end", "add_host.end", g, map[string]any{"host_name": host, "name": g.Name})
	return g, nil
}

// RemoveHost removes a host from the aggregate with a row id. It removes the host from Placement's aggregate first, so
// that the caller can repeat the request if Placement fails.
//
// Errors: ComputeHostNotFound, AggregateNotFound, AggregateHostNotFound, InvalidAggregateActionDelete, and those of
// Placement.
func (a *Aggregates) RemoveHost(ctx context.Context, caller *reqctx.Caller, id int64, host string) (*objects.Aggregate, error) {
	a.Notify.AggregateOf(ctx, caller, "removehost.start", id, map[string]any{"host_name": host})
	c, _, err := a.Hosts.ComputeAnywhere(ctx, host)
	if err != nil {
		return nil, err
	}
	g, err := a.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	a.Notify.Aggregate(ctx, caller, "remove_host.start", g)
	if zone := g.Zone(); zone != nil && *zone != "" {
		if err := a.checkMove(ctx, c, g, host, removeRejection); err != nil {
			return nil, err
		}
	}
	node, err := firstNode(ctx, c, host)
	if err != nil {
		return nil, err
	}
	err = a.Placement.LeaveAggregate(ctx, caller, node, g.UUID)
	if errors.Is(err, objects.ErrResourceProviderNotFound) {
		a.Log.Warn().Err(err).Msgf("Failed to remove association of %s with a placement aggregate", node)
	} else if err != nil {
		return nil, err
	}
	if err := a.Store.RemoveHost(ctx, g, host); err != nil {
		return nil, err
	}
	if err := a.tell(ctx, caller, g); err != nil {
		return nil, err
	}
	a.announce(ctx, caller, "removehost.end", "remove_host.end", g, map[string]any{"host_name": host})
	return g, nil
}

// Forget removes a host from all aggregates.
func (a *Aggregates) Forget(ctx context.Context, caller *reqctx.Caller, host string) error {
	list, err := a.Store.OfHosts(ctx, []string{host})
	if err != nil {
		return err
	}
	for _, g := range list {
		if _, err := a.RemoveHost(ctx, caller, g.ID, host); err != nil {
			return err
		}
	}
	return nil
}

// checkMove rejects adding a host to an aggregate with an availability zone, or removing it from one, if that would change
// the zone of the servers on the host.
func (a *Aggregates) checkMove(ctx context.Context, c *db.Cell, g *objects.Aggregate, host string, x rejection) error {
	n, err := cell.CountOn(ctx, c, []string{host})
	if err != nil || n == 0 {
		return err
	}
	list, err := a.Store.OfHosts(ctx, []string{host})
	if err != nil {
		return err
	}
	other := "None"
	for _, o := range list {
		if z := o.Zone(); z != nil && (x == addRejection || o.ID != g.ID) {
			other = *z
			break
		}
	}
	zone := *g.Zone()
	if other == zone {
		return nil
	}
	how, from, to := "added to", other, zone
	if x == removeRejection {
		how, from, to = "removed from", zone, other
	}
	return rejectionError(x, g, fmt.Sprintf("The host cannot be %s the aggregate as the availability zone of the host would change from "+
		"'%s' to '%s' but the host already has %d instance(s). "+
		"Changing the AZ of an existing instance is not supported by this action. Move the instances away from this host then try again. "+
		"If you need to move the instances between AZs then you can use shelve_offload and unshelve to achieve this.", how, from, to, n))
}

// firstNode returns the name of the first compute node of a host. Nova adds only this node to Placement's aggregates.
func firstNode(ctx context.Context, c *db.Cell, host string) (string, error) {
	nodes, err := cell.ComputeNodes(ctx, c, cell.NodeQuery{Host: host, Limit: 1})
	if err != nil {
		return "", err
	}
	if len(nodes) == 0 {
		return "", errHostNotFound(host)
	}
	return nodes[0].HypervisorHostname, nil
}
