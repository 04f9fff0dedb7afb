package host

import (
	"context"
	"errors"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/server"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/rpc"
)

// Page says which compute nodes to list.
type Page struct {
	Pattern string // part of the hypervisor's hostname
	ID      int64  // the marker: a row id,
	UUID    string // or a UUID
	Limit   int    // below zero: no limit
}

// Nodes lists the compute nodes of all cells, by cell and row. A marker that no
// cell has is a MarkerNotFound; of several cells that have its row id, the first
// one counts.
func (h *Hosts) Nodes(ctx context.Context, p Page) ([]*objects.ComputeNode, error) {
	cells, err := h.real(ctx)
	if err != nil {
		return nil, err
	}
	var marker int64 // in the first cell
	if p.ID != 0 || p.UUID != "" {
		type found struct {
			cell *db.Cell
			id   int64
		}
		markers, err := askInOrder(ctx, cells, 1, func(ctx context.Context, c *db.Cell) ([]found, error) {
			id, err := cell.NodeMarker(ctx, c, p.ID, p.UUID)
			if err != nil || id == 0 {
				return nil, err
			}
			return []found{{c, id}}, nil
		})
		if err != nil {
			return nil, err
		}
		if len(markers) == 0 {
			return nil, objects.ErrMarkerNotFound.Errorf(objects.KindNotFound, "Marker could not be found.")
		}
		cells, marker = cells[slices.Index(cells, markers[0].cell):], markers[0].id
	}
	return askInOrder(ctx, cells, p.Limit, func(ctx context.Context, c *db.Cell) ([]*objects.ComputeNode, error) {
		q := cell.NodeQuery{Pattern: p.Pattern, Limit: p.Limit}
		if c == cells[0] {
			q.After = marker
		}
		return cell.ComputeNodes(ctx, c, q)
	})
}

// Node finds a compute node by its UUID, or where that is "" by its row id, in
// the first cell that has it. name is how the client called it, for the error:
// ComputeHostNotFound.
func (h *Hosts) Node(ctx context.Context, uuid string, id int64, name string) (*objects.ComputeNode, error) {
	cells, err := h.real(ctx)
	if err != nil {
		return nil, err
	}
	list, err := askInOrder(ctx, cells, 1, func(ctx context.Context, c *db.Cell) ([]*objects.ComputeNode, error) {
		return cell.ComputeNodes(ctx, c, cell.NodeQuery{UUID: uuid, ID: id, Limit: 1})
	})
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, NotFound(name)
	}
	return list[0], nil
}

// Hypervisor is a compute node with what is shown beside it.
type Hypervisor struct {
	*objects.ComputeNode
	Cell    *db.Cell         // that the host is mapped to; nil: to none
	Service *objects.Service // nil: it has none there
	Servers []*cell.Hosted   // on its host, if they were asked for
	Uptime  *string          // if that was asked for, and could be had
}

// Hypervisors reads what stands beside compute nodes, in a query for each kind
// and cell.
func (h *Hosts) Hypervisors(ctx context.Context, nodes []*objects.ComputeNode, servers bool) ([]*Hypervisor, error) {
	var hosts []string
	for _, n := range nodes {
		if !slices.Contains(hosts, n.Host) {
			hosts = append(hosts, n.Host)
		}
	}
	mapped, err := h.Cells.OfHosts(ctx, hosts)
	if err != nil {
		return nil, err
	}
	var cells []*db.Cell
	on := map[*db.Cell][]string{}
	for _, host := range hosts {
		if c := mapped[host]; c != nil {
			if on[c] == nil {
				cells = append(cells, c)
			}
			on[c] = append(on[c], host)
		}
	}
	type beside struct {
		services []*objects.Service
		servers  []*cell.Hosted
	}
	parts, err := ask(ctx, cells, func(ctx context.Context, c *db.Cell) (b beside, err error) {
		if b.services, err = cell.Services(ctx, c, cell.ServiceQuery{Hosts: on[c], Binary: "nova-compute"}); err == nil && servers {
			b.servers, err = cell.InstancesOn(ctx, c, on[c])
		}
		return b, err
	})
	if err != nil {
		return nil, err
	}
	byHost := map[string]*objects.Service{}
	hosted := map[string][]*cell.Hosted{}
	for _, b := range parts {
		for _, s := range b.services {
			byHost[s.Host] = s
		}
		for _, i := range b.servers {
			hosted[*i.Host] = append(hosted[*i.Host], i)
		}
	}
	list := make([]*Hypervisor, len(nodes))
	for n, node := range nodes {
		list[n] = &Hypervisor{ComputeNode: node, Cell: mapped[node.Host], Service: byHost[node.Host], Servers: hosted[node.Host]}
	}
	return list, nil
}

// Uptime asks the driver of a hypervisor with a service for its uptime. Errors:
// ComputeServiceUnavailable when the service is down, NotSupported.
func (h *Hosts) Uptime(ctx context.Context, caller *reqctx.Caller, v *Hypervisor) (string, error) {
	if !h.Up(v.Service) {
		return "", objects.ErrComputeServiceUnavailable.Errorf(objects.KindInvalid, "Compute service of %s is unavailable at this time.", v.Host)
	}
	uptime, err := h.Computes.HostUptime(ctx, caller, v.Cell.UUID, v.Host)
	return uptime, supported(err)
}

// atOnce is how many hosts are asked at a time for one request.
const atOnce = 16

// FillUptimes sets Uptime of hypervisors with a service: what they report, or
// else what they say when they are asked. Those that are down have none.
func (h *Hosts) FillUptimes(ctx context.Context, caller *reqctx.Caller, list []*Hypervisor) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for _, v := range list {
		if uptime, ok := v.ComputeNode.Uptime(); ok {
			v.Uptime = &uptime
			continue
		}
		group.Go(func() error {
			uptime, err := h.Uptime(ctx, caller, v)
			switch {
			case err == nil:
				v.Uptime = &uptime
			case errors.Is(err, objects.ErrComputeServiceUnavailable), errors.Is(err, objects.ErrNotImplementedError),
				rpc.IsRemote(err, objects.ErrComputeServiceUnavailable), rpc.IsRemote(err, objects.ErrHostNotFound):
			default:
				return err
			}
			return nil
		})
	}
	return group.Wait()
}

// supported makes domain errors of what a host's driver cannot do, and of a host that is
// down.
func supported(err error) error {
	return server.Supported(server.Remote(err, server.Kinds{objects.ErrComputeServiceUnavailable: objects.KindInvalid}))
}

// Statistics sums up the compute nodes of all cells whose service is enabled.
func (h *Hosts) Statistics(ctx context.Context) (*objects.NodeStatistics, error) {
	cells, err := h.real(ctx)
	if err != nil {
		return nil, err
	}
	parts, err := ask(ctx, cells, cell.NodeStatistics)
	total := &objects.NodeStatistics{}
	for _, s := range parts {
		total.Add(s)
	}
	return total, err
}
