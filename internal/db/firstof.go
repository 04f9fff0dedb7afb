package db

import (
	"context"
	"math"
)

// firstCells is the number of cells that FirstOf queries first. One of them is usually cell0, which
// has no hosts and few servers.
const firstCells = 2

// FirstOf returns the first limit rows of cells, in the order of the cells; below 0, all rows. ask
// returns at most the given number of rows of a cell. FirstOf queries a few cells, and then the
// number of further cells that have the missing rows if they have as many as those before, so that
// it reads few rows that it does not return, also from hundreds of cells. Cells that are not needed
// may be slow or fail; the error is that of the first cell that is needed and fails.
func FirstOf[T any](
	ctx context.Context, cells []*Cell, limit int, ask func(ctx context.Context, c *Cell, limit int) ([]T, error),
) ([]T, error) {
	var rows []T
	next := firstCells
	if limit < 0 {
		next = len(cells)
	}
	for asked := 0; asked < len(cells) && (limit < 0 || len(rows) < limit); {
		missing := limit - len(rows)
		if limit < 0 {
			missing = limit
		}
		some := cells[asked:min(asked+next, len(cells))]
		for r := range InOrder(ctx, some, func(ctx context.Context, c *Cell) ([]T, error) { return ask(ctx, c, missing) }) {
			if r.Err != nil {
				return nil, r.Err
			}
			if rows = append(rows, r.Value...); limit >= 0 && len(rows) >= limit {
				return rows[:limit], nil
			}
		}
		asked += len(some)
		next = cellsFor(limit-len(rows), len(rows), asked)
	}
	return rows, nil
}

// cellsFor returns how many further cells to query for missing rows, after asked cells have
// returned rows: at least as many again, because the next ones may have none.
func cellsFor(missing, rows, asked int) int {
	if rows == 0 {
		return asked
	}
	return max(asked, int(math.Ceil(float64(missing)*float64(asked)/float64(rows))))
}
