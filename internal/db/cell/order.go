package cell

import (
	"context"
	"slices"
	"strings"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/objects"
)

// Keys returns the sort keys of an instance, for InstanceQuery.After.
func Keys(i *objects.Instance, sort []SortKey) []any {
	keys := make([]any, len(sort))
	for n, s := range sort {
		c, _ := columnNamed(s.Column)
		keys[n] = c.key(i)
	}
	return keys
}

// Compare compares two instances in an order.
func Compare(a, b *objects.Instance, sort []SortKey) int {
	return compareAll(Keys(a, sort), Keys(b, sort), sort)
}

func compareAll(a, b []any, sort []SortKey) int {
	for n, s := range sort {
		if c := compareKeys(a[n], b[n]); c != 0 {
			if s.Desc {
				return -c
			}
			return c
		}
	}
	return 0
}

// List returns the first q.Limit instances of a cell that q selects, with the joined tables. Fill
// reads the other parts of q.Load.
func List(ctx context.Context, c *db.Cell, q InstanceQuery) ([]*objects.Instance, error) {
	if q.Limit == 0 {
		return nil, nil
	}
	q.passing = q.Scans.dominant(ctx, c, &q)
	var w conditions
	if !q.states(&w) || !q.filters(&w, c.DB) || !q.tags(&w) {
		return nil, nil
	}
	scan := q.Scans.scans(ctx, c, &q)
	switch {
	case q.passing, q.indexed() && !scan:
		return q.walk(ctx, c, w)
	case scan && q.splitByDeleted():
		return q.listByDeleted(ctx, c, w)
	}
	q.after(&w, c.DB)
	s := q.scanner()
	if scan {
		s.hint = " USE INDEX ()"
	}
	list, err := readInstances(ctx, c, s, s.selects()+w.where()+order(c.DB, q.Sort)+w.limit(q.Limit), w.args...)
	if len(list) == q.Limit {
		q.Scans.filled(ctx, c, &q)
	}
	return list, err
}

// Reread returns the given instances of a cell with all that q.Load selects, if q still selects
// them, in no order.
func Reread(ctx context.Context, c *db.Cell, q InstanceQuery, list []*objects.Instance) ([]*objects.Instance, error) {
	var all []*objects.Instance
	for part := range slices.Chunk(list, maxInList) {
		ids, uuids := make([]int64, len(part)), make([]string, len(part))
		for n, i := range part {
			ids[n], uuids[n] = i.ID, i.UUID
		}
		var w conditions
		w.and("i.id IN (?)", db.In(ids))
		if !q.states(&w) || !q.filters(&w, c.DB) || !q.tags(&w) {
			return nil, nil
		}
		s := q.scanner()
		some, err := readTogether(ctx, c, s, uuids, s.selects()+w.where(), w.args...)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

func (q *InstanceQuery) scanner() *instanceScanner {
	columns := make([]string, len(q.Sort))
	for n, s := range q.Sort {
		columns[n] = s.Column
	}
	return newInstanceScanner(q.Load, columns...)
}

// order returns an ORDER BY clause.
func order(d *db.DB, sort []SortKey) string {
	var keys []string
	for _, s := range sort {
		dir := " ASC"
		if s.Desc {
			dir = " DESC"
		}
		keys = append(keys, "i."+s.Column+dir+d.Nulls(s.Desc))
	}
	if len(keys) == 0 {
		return ""
	}
	return " ORDER BY " + strings.Join(keys, ", ")
}

func (w *conditions) where() string {
	if len(w.parts) == 0 {
		return ""
	}
	return " WHERE " + w.text()
}

// limit returns a LIMIT clause; below 0 there is none.
func (w *conditions) limit(n int) string {
	if n < 0 {
		return ""
	}
	w.args = append(w.args, n)
	return " LIMIT ?"
}

// selectiveColumns are columns whose indexes find the few instances of a filter. They are faster than an
// index in the order of the list, which has to pass all instances that the filter excludes.
var selectiveColumns = []string{"project_id", "host", "uuid", "reservation_id", "compute_id"}

func (q *InstanceQuery) selective() bool {
	for name := range q.Filters {
		if slices.Contains(selectiveColumns, name) {
			return true
		}
	}
	return len(q.Tags)+len(q.TagsAny) > 0
}

// indexed tells whether an index has the instances in the order of the first key, so that the
// database need not sort all instances for one page. The index on (deleted, created_at) has it for
// instances that are not deleted, the one on (updated_at, project_id) for all.
func (q *InstanceQuery) indexed() bool { return !q.selective() && q.ordered() }

// ordered tells whether an index has the instances in the order of the first key, whatever the filters are.
func (q *InstanceQuery) ordered() bool {
	if q.Limit < 0 || len(q.Sort) != 2 || q.Sort[1].Column != "uuid" {
		return false
	}
	switch q.Sort[0].Column {
	case "created_at":
		return q.Deleted != nil && !*q.Deleted && q.ChangesSince == nil && q.ChangesBefore == nil
	case "updated_at":
		return true
	}
	return false
}

// splitByDeleted tells whether an index has the instances that are not deleted in the order of the list, which
// includes deleted ones.
func (q *InstanceQuery) splitByDeleted() bool {
	live := *q
	live.Deleted, live.ChangesSince, live.ChangesBefore = new(bool), nil, nil
	return q.Deleted == nil && !live.unindexed() && q.Sort[0].Column == "created_at"
}

// listByDeleted reads a page in two parts: the instances that are not deleted in the order of the index on
// (deleted, created_at), and those deleted ones that belong in front of the last of them.
func (q *InstanceQuery) listByDeleted(ctx context.Context, c *db.Cell, w conditions) ([]*objects.Instance, error) {
	live := conditions{parts: slices.Clone(w.parts), args: slices.Clone(w.args)}
	live.and("i.deleted = 0")
	list, err := q.walk(ctx, c, live)
	if err != nil {
		return nil, err
	}
	w.and("i.deleted > 0")
	if len(list) == q.Limit {
		switch edge := Keys(list[q.Limit-1], q.Sort[:1])[0]; {
		case edge == nil:
		case q.Sort[0].Desc:
			w.and("i.created_at >= ?", edge)
		default:
			w.and("(i.created_at <= ? OR i.created_at IS NULL)", edge)
		}
	}
	q.after(&w, c.DB)
	s := q.scanner()
	deleted, err := readInstances(ctx, c, s, s.selects()+w.where()+order(c.DB, q.Sort)+w.limit(q.Limit), w.args...)
	if err != nil {
		return nil, err
	}
	list = append(list, deleted...)
	slices.SortFunc(list, func(a, b *objects.Instance) int { return Compare(a, b, q.Sort) })
	return list[:min(len(list), q.Limit)], nil
}

// walk reads a page in the order of an index on the first key. Of the instances with equal first
// keys, the index need not have the ones with the lowest UUIDs first. If the page ends among such
// instances, a second query selects them.
func (q *InstanceQuery) walk(ctx context.Context, c *db.Cell, w conditions) ([]*objects.Instance, error) {
	key := q.Sort[0]
	column := "i." + key.Column
	q.after(&w, c.DB)
	s := q.scanner()
	segment := func(condition string, args ...any) (string, []any) {
		part := conditions{parts: slices.Clone(w.parts), args: slices.Clone(w.args)}
		if condition != "" {
			part.and(condition, args...)
		}
		text := s.selects() + part.where() + plainOrder(key) + part.limit(q.Limit+1)
		return text, part.args
	}
	bound, bounds := q.bound(column)
	query, args := segment(bound, bounds...)
	if c.DB.Kind() == "postgresql" {
		// Its indexes have NULL after all values, Nova's order has it before them.
		if bound = column + " IS NOT NULL"; len(bounds) > 0 {
			bound += " AND " + column + beyond(key) + "?"
		}
		some, someArgs := segment(bound, bounds...)
		null, nullArgs := segment(column + " IS NULL")
		query, args = "("+some+") UNION ALL ("+null+")", append(someArgs, nullArgs...)
	}
	list, err := readInstances(ctx, c, s, query, args...)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(list, func(a, b *objects.Instance) int { return Compare(a, b, q.Sort) })
	if len(list) <= q.Limit {
		return list, nil
	}
	edge := Keys(list[q.Limit], q.Sort[:1])
	before := slices.IndexFunc(list, func(i *objects.Instance) bool { return compareAll(Keys(i, q.Sort[:1]), edge, q.Sort[:1]) == 0 })
	if list = list[:q.Limit]; before >= q.Limit {
		return list, nil
	}
	if edge[0] == nil {
		w.and(column + " IS NULL")
	} else {
		w.and(column+" = ?", edge[0])
	}
	equal, err := readInstances(ctx, c, s, s.selects()+w.where()+order(c.DB, q.Sort[1:])+w.limit(q.Limit-before), w.args...)
	return append(list[:before], equal...), err
}

// bound returns a condition that all instances after the marker meet and that is a single range of
// the index on the first key; "": there is no marker, or it is no bound.
func (q *InstanceQuery) bound(column string) (condition string, args []any) {
	switch {
	case q.After == nil || q.After[0] == nil:
		return "", nil
	case q.Sort[0].Desc:
		return "(" + column + " <= ? OR " + column + " IS NULL)", q.After[:1]
	}
	return column + " >= ?", q.After[:1]
}

func beyond(key SortKey) string {
	if key.Desc {
		return " <= "
	}
	return " >= "
}

// plainOrder is an ORDER BY clause without a place for NULL.
func plainOrder(key SortKey) string {
	if key.Desc {
		return " ORDER BY i." + key.Column + " DESC"
	}
	return " ORDER BY i." + key.Column + " ASC"
}
