package cell

import (
	"context"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/objects"
)

// Everywhere queries all cells concurrently. As in Nova, it leaves out the results of cells that
// are down or do not answer in time; another error of a cell is returned.
type Everywhere struct{ *db.Cells }

// InstanceUsage returns the sum of Usage over all cells.
func (e Everywhere) InstanceUsage(ctx context.Context, project, user string) (objects.Used[objects.InstanceUsage], error) {
	var total objects.Used[objects.InstanceUsage]
	parts, err := everywhere(ctx, e.Cells, func(ctx context.Context, c *db.Cell) (objects.Used[objects.InstanceUsage], error) {
		return Usage(ctx, c, project, user)
	})
	for _, u := range parts {
		total.Project.Add(u.Project)
		total.User.Add(u.User)
	}
	return total, err
}

// Services returns the services of all cells in the order of the cell mappings.
func (e Everywhere) Services(ctx context.Context, q ServiceQuery) ([]*objects.Service, error) {
	var all []*objects.Service
	parts, err := everywhere(ctx, e.Cells, func(ctx context.Context, c *db.Cell) ([]*objects.Service, error) {
		return Services(ctx, c, q)
	})
	for _, services := range parts {
		all = append(all, services...)
	}
	return all, err
}

func everywhere[T any](ctx context.Context, cells *db.Cells, ask func(context.Context, *db.Cell) (T, error)) ([]T, error) {
	all, err := cells.All(ctx)
	if err != nil {
		return nil, err
	}
	var parts []T
	for _, r := range db.Scatter(ctx, all, ask) {
		switch {
		case r.Err == nil:
			parts = append(parts, r.Value)
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case !db.Unanswered(r.Err):
			return nil, r.Err
		}
	}
	return parts, nil
}
