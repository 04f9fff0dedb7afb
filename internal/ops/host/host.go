// Package host contains the operations on hosts: their services, hypervisors and power. It does not depend on HTTP.
package host

import (
	"context"
	"errors"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/internal/db"
	dbapi "github.com/nova-go/nova/internal/db/api"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/notify"
	"github.com/nova-go/nova/internal/release"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/servicegroup"
)

// Computes calls the nova-compute of a host over the message queue of the cell with a UUID; *computerpc.Client implements
// it. The returned strings are those of the virt driver.
type Computes interface {
	SetHostEnabled(ctx context.Context, caller *reqctx.Caller, cell, host string, enabled bool) (string, error)
	HostMaintenance(ctx context.Context, caller *reqctx.Caller, cell, host string, on bool) (string, error)
	HostPowerAction(ctx context.Context, caller *reqctx.Caller, cell, host, action string) (string, error)
	HostUptime(ctx context.Context, caller *reqctx.Caller, cell, host string) (string, error)
}

// Aggregates removes a host from all aggregates; *aggregate.Aggregates implements it.
type Aggregates interface {
	Forget(ctx context.Context, caller *reqctx.Caller, host string) error
}

// Placement removes the resource providers of a compute node; *placement.Client implements it.
type Placement interface {
	LeaveTree(ctx context.Context, caller *reqctx.Caller, consumer, root string) error
	DeleteTree(ctx context.Context, caller *reqctx.Caller, root string) error
}

// Hosts performs the operations on hosts of all cells.
type Hosts struct {
	Cells      *db.Cells
	Computes   Computes
	Aggregates Aggregates
	Placement  Placement
	Group      *servicegroup.Group
	Now        func() time.Time
	Release    release.Release // of Nova
	// Zones and InternalZone ([DEFAULT] internal_service_availability_zone) determine the availability zone of a service in
	// notifications.
	Zones        *dbapi.Zones
	InternalZone string
	Notify       *notify.Notifier
	Log          zerolog.Logger
}

// NotFound returns ComputeHostNotFound. host may also be the name or the id of a compute node.
func NotFound(host string) error {
	return objects.ErrComputeHostNotFound.Errorf(objects.KindNotFound, "Compute host %s could not be found.", host)
}

// Up reports whether a service is up.
func (h *Hosts) Up(s *objects.Service) bool { return h.Group.Up(s) }

// UpdatedAt returns the time of the last change of a service's row, or of its last report.
func (h *Hosts) UpdatedAt(s *objects.Service) *time.Time { return h.Group.UpdatedAt(s) }

// Compute returns the nova-compute of a host, and the cell that the host is mapped to. Errors:
// HostMappingNotFound, ComputeHostNotFound.
func (h *Hosts) Compute(ctx context.Context, host string) (*db.Cell, *objects.Service, error) {
	c, err := h.Cells.OfHost(ctx, host)
	if err != nil {
		return nil, nil, err
	}
	s, err := computeIn(ctx, c, host)
	if err == nil && s == nil {
		err = NotFound(host)
	}
	return c, s, err
}

// computeIn reads the nova-compute of a host from a cell. It returns nil if there is none.
func computeIn(ctx context.Context, c *db.Cell, host string) (*objects.Service, error) {
	list, err := cell.Services(ctx, c, cell.ServiceQuery{Hosts: []string{host}, Binary: "nova-compute"})
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], nil
}

// ComputeAnywhere is Compute that searches all cells for a host without a mapping. Errors: ComputeHostNotFound.
func (h *Hosts) ComputeAnywhere(ctx context.Context, host string) (*db.Cell, *objects.Service, error) {
	c, s, err := h.Compute(ctx, host)
	if !errors.Is(err, objects.ErrHostMappingNotFound) {
		return c, s, err
	}
	c, s, err = h.find(ctx, cell.ServiceQuery{Hosts: []string{host}, Binary: "nova-compute"})
	if errors.Is(err, objects.ErrServiceNotFound) {
		err = NotFound(host)
	}
	return c, s, err
}

// find returns the only service of all cells that a query selects. Errors: ServiceNotFound, and ServiceNotUnique if
// several cells have one.
func (h *Hosts) find(ctx context.Context, q cell.ServiceQuery) (*db.Cell, *objects.Service, error) {
	cells, err := h.Cells.All(ctx)
	if err != nil {
		return nil, nil, err
	}
	var at *db.Cell
	var found *objects.Service
	for _, r := range db.Scatter(ctx, cells, func(ctx context.Context, c *db.Cell) ([]*objects.Service, error) {
		return cell.Services(ctx, c,
			q)
	}) {
		switch {
		case r.Err != nil:
			return nil, nil, r.Err
		case len(r.Value) == 0:
		case found != nil:
			return nil, nil, objects.ErrServiceNotUnique.Errorf(objects.KindInvalid, "More than one possible service found.")
		default:
			at, found = r.Cell, r.Value[0]
		}
	}
	if found == nil {
		return nil, nil, objects.ErrServiceNotFound.Errorf(objects.KindNotFound, "Service could not be found.")
	}
	return at, found, nil
}

// computeCells returns the cells that can have compute hosts: all except cell0.
func (h *Hosts) computeCells(ctx context.Context) ([]*db.Cell, error) {
	cells, err := h.Cells.All(ctx)
	if err != nil {
		return nil, err
	}
	var list []*db.Cell
	for _, c := range cells {
		if !c.IsCell0() {
			list = append(list, c)
		}
	}
	return list, nil
}

// askInOrder queries all cells for a row, and returns what the first cell that has it returns. Cells after that one may be
// slow or fail.
func askInOrder[T any](ctx context.Context, cells []*db.Cell, f func(context.Context, *db.Cell) ([]T, error)) ([]T, error) {
	for r := range db.InOrder(ctx, cells, f) {
		if r.Err != nil || len(r.Value) > 0 {
			return r.Value, r.Err
		}
	}
	return nil, nil
}

// askAll is db.Scatter that fails if a cell fails.
func askAll[T any](ctx context.Context, cells []*db.Cell, f func(context.Context, *db.Cell) (T, error)) ([]T, error) {
	var all []T
	for _, r := range db.Scatter(ctx, cells, f) {
		if r.Err != nil {
			return nil, r.Err
		}
		all = append(all, r.Value)
	}
	return all, nil
}
