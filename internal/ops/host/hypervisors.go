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

// Page describes a page of compute nodes.
type Page struct {
	Pattern string // part of the hypervisor's hostname
	ID      int64  // the marker as a row id,
	UUID    string // or as a UUID
	Limit   int    // below zero: no limit
}

// Nodes lists the compute nodes of all cells, ordered by cell and row id. If several cells have the marker's row id, the
// first of them counts, as in Nova. Errors: MarkerNotFound.
func (h *Hosts) Nodes(ctx context.Context, p Page) ([]*objects.ComputeNode, error) {
	cells, err := h.computeCells(ctx)
	if err != nil {
		return nil, err
	}
	var marker int64 // in the first cell
	if p.ID != 0 || p.UUID != "" {
		type found struct {
			cell *db.Cell
			id   int64
		}
		markers, err := askInOrder(ctx, cells, func(ctx context.Context, c *db.Cell) ([]found, error) {
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
	return db.FirstOf(ctx, cells, p.Limit, func(ctx context.Context, c *db.Cell, limit int) ([]*objects.ComputeNode, error) {
		q := cell.NodeQuery{Pattern: p.Pattern, Limit: limit}
		if c == cells[0] {
			q.After = marker
		}
		return cell.ComputeNodes(ctx, c, q)
	})
}

// Node returns the compute node with a UUID, or if that is "" with a row id, from the first cell that has it. name is the
// node's name in the error ComputeHostNotFound.
func (h *Hosts) Node(ctx context.Context, uuid string, id int64, name string) (*objects.ComputeNode, error) {
	cells, err := h.computeCells(ctx)
	if err != nil {
		return nil, err
	}
	list, err := askInOrder(ctx, cells, func(ctx context.Context, c *db.Cell) ([]*objects.ComputeNode, error) {
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

// Hypervisor is a compute node with the data that answers show of its host.
type Hypervisor struct {
	*objects.ComputeNode
	Cell    *db.Cell         // the cell that the host is mapped to; nil: none
	Service *objects.Service // nil: the cell has no nova-compute of the host
	Servers []*cell.Hosted   // the servers on the host, if requested
	Uptime  *string          // if requested and available
}

// Hypervisors loads the services of compute nodes, and if servers is true also the servers on their hosts, with one query
// of each kind for each cell.
func (h *Hosts) Hypervisors(ctx context.Context, nodes []*objects.ComputeNode, servers bool) ([]*Hypervisor, error) {
	var hosts []string
	seen := make(map[string]bool, len(nodes))
	for _, n := range nodes {
		if !seen[n.Host] {
			seen[n.Host] = true
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
	parts, err := askAll(ctx, cells, func(ctx context.Context, c *db.Cell) (b beside, err error) {
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

// Uptime asks the virt driver of a hypervisor for its uptime. v must have a service. Errors: ComputeServiceUnavailable if
// the service is down, NotImplementedError.
func (h *Hosts) Uptime(ctx context.Context, caller *reqctx.Caller, v *Hypervisor) (string, error) {
	if !h.Up(v.Service) {
		return "", objects.ErrComputeServiceUnavailable.Errorf(objects.KindInvalid, "Compute service of %s is unavailable at this time.", v.Host)
	}
	uptime, err := h.Computes.HostUptime(ctx, caller, v.Cell.UUID, v.Host)
	return uptime, driverError(err)
}

// maxParallelUptimes is the maximum number of parallel RPC calls to hosts for one request.
const maxParallelUptimes = 16

// FillUptimes sets Uptime of hypervisors that have a service: from their row if the driver reports it there, otherwise
// with an RPC call. Hosts that are down have no uptime.
func (h *Hosts) FillUptimes(ctx context.Context, caller *reqctx.Caller, list []*Hypervisor) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(maxParallelUptimes)
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

// driverError returns domain errors for operations that a virt driver does not support, and for a host that is down.
func driverError(err error) error {
	return server.Supported(server.Remote(err, server.Kinds{objects.ErrComputeServiceUnavailable: objects.KindInvalid}))
}

// Statistics returns the sums over the compute nodes of all cells whose service is enabled.
func (h *Hosts) Statistics(ctx context.Context) (*objects.NodeStatistics, error) {
	cells, err := h.computeCells(ctx)
	if err != nil {
		return nil, err
	}
	parts, err := askAll(ctx, cells, cell.NodeStatistics)
	total := &objects.NodeStatistics{}
	for _, s := range parts {
		total.Add(s)
	}
	return total, err
}
