package cell

import (
	"container/heap"
	"context"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/objects"
)

// Merge returns the first q.Limit instances of several cells in the order of q.Sort, with the
// columns of q.Load and the joined tables, and the cells that failed, whose further instances are
// missing. Cells are read in batches: the first has fixed instances or, if fixed is 0, the share of
// a cell if all cells contributed equally; each further one of a cell is twice as large.
func Merge(ctx context.Context, cells []*db.Cell, q InstanceQuery, fixed int) ([]*objects.Instance, []db.Result[[]*objects.Instance]) {
	m := merger{query: q}
	size := q.firstBatch(len(cells), fixed)
	for n, c := range cells {
		m.cursors = append(m.cursors, &cursor{cell: c, rank: n, size: size, after: q.After})
	}
	if m.read(ctx, m.cursors); q.Limit == 0 {
		return nil, nil
	}
	for _, c := range m.cursors {
		if len(c.list) > 0 {
			m.heap = append(m.heap, c)
		}
	}
	heap.Init(&m)
	var list []*objects.Instance
	for len(m.heap) > 0 {
		c := m.heap[0]
		if list = append(list, c.list[0]); len(list) == q.Limit {
			break
		}
		if c.advance(); len(c.list) == 0 && c.more {
			m.refill(ctx, q.Limit-len(list))
		}
		if len(c.list) == 0 {
			heap.Pop(&m)
		} else {
			heap.Fix(&m, 0)
		}
	}
	return list, m.failed
}

// firstBatch returns the size of the first batch of each cell; below 0: no limit.
func (q *InstanceQuery) firstBatch(cells, fixed int) int {
	if q.Limit < 0 || cells <= 2 { // one of two cells is cell0, which has few instances
		return q.Limit
	}
	size := q.Limit*11/10/cells + 8 // cells do not contribute quite equally
	switch {
	case fixed > 0:
		size = fixed
	case q.unindexed() && !q.splitByDeleted():
		size = 4*size + 100 // the database finds and sorts all for each batch, so that a second one costs more than rows
	}
	return min(q.Limit, size)
}

// merger is a heap of the cells that have instances left.
type merger struct {
	query   InstanceQuery
	cursors []*cursor
	heap    []*cursor
	failed  []db.Result[[]*objects.Instance]
}

// cursor is a position among the instances of a cell.
type cursor struct {
	cell  *db.Cell
	rank  int // cells with equal instances contribute in the order of the cell mappings
	size  int
	after []any
	list  []*objects.Instance
	keys  []any // of the first of list, when they have been compared
	more  bool  // there may be instances after list
}

// advance goes to the next instance.
func (c *cursor) advance() { c.list, c.keys = c.list[1:], nil }

// first returns the keys of the first instance. Where only one cell has instances nobody asks for them.
func (c *cursor) first(sort []SortKey) []any {
	if c.keys == nil {
		c.keys = Keys(c.list[0], sort)
	}
	return c.keys
}

// refill reads the next batch of the cells that have hardly any instances left, and fewer than are
// missing on the page.
func (m *merger) refill(ctx context.Context, missing int) {
	var low []*cursor
	for _, c := range m.cursors {
		if c.more && len(c.list) <= c.size/8 && len(c.list) < missing {
			c.size = min(2*c.size, missing-len(c.list))
			low = append(low, c)
		}
	}
	m.read(ctx, low)
}

// read appends the next batch to each of the cursors. A cell that fails has no more instances.
func (m *merger) read(ctx context.Context, cursors []*cursor) {
	cells := make([]*db.Cell, len(cursors))
	at := make(map[*db.Cell]*cursor, len(cursors))
	for n, c := range cursors {
		cells[n], at[c.cell] = c.cell, c
	}
	for n, r := range db.Scatter(ctx, cells, func(ctx context.Context, cell *db.Cell) ([]*objects.Instance, error) {
		q := m.query
		q.Limit, q.After = at[cell].size, at[cell].after
		return List(ctx, cell, q)
	}) {
		c := cursors[n]
		if c.more = c.size >= 0 && len(r.Value) == c.size; r.Err != nil {
			c.more = false
			m.failed = append(m.failed, r)
		}
		if c.list = append(c.list, r.Value...); c.more && len(c.list) > 0 {
			c.after = Keys(c.list[len(c.list)-1], m.query.Sort)
		}
	}
}

// Len implements heap.Interface.
func (m *merger) Len() int { return len(m.heap) }

// Less implements heap.Interface.
func (m *merger) Less(a, b int) bool {
	x, y := m.heap[a], m.heap[b]
	if n := compareAll(x.first(m.query.Sort), y.first(m.query.Sort), m.query.Sort); n != 0 {
		return n < 0
	}
	return x.rank < y.rank
}

// Swap implements heap.Interface.
func (m *merger) Swap(a, b int) { m.heap[a], m.heap[b] = m.heap[b], m.heap[a] }

// Push implements heap.Interface.
func (m *merger) Push(c any) { m.heap = append(m.heap, c.(*cursor)) }

// Pop implements heap.Interface.
func (m *merger) Pop() any {
	last := m.heap[len(m.heap)-1]
	m.heap = m.heap[:len(m.heap)-1]
	return last
}
