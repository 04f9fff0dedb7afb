package cell

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/objects"
)

// SortKey is a column of instances to sort by.
type SortKey struct {
	Column string
	Desc   bool
}

// InstanceQuery says which instances of a cell to list.
type InstanceQuery struct {
	// Filters by column: a string, int64 or bool is matched exactly for the columns
	// in exactColumns, and a string as a regular expression for the others; a
	// []string means any of them. A name that is no column is passed over.
	Filters map[string]any

	Deleted     *bool // nil: both
	SoftDeleted bool  // with Deleted false: soft-deleted ones too

	ChangesSince, ChangesBefore *time.Time

	Tags, TagsAny, NotTags, NotTagsAny []string

	Sort  []SortKey // the last one should be uuid, which makes the order total
	After []any     // keys of the marker, one for each of Sort, or nil
	Limit int       // 0: none are read; less: all

	Load Load
}

var exactColumns = []string{"project_id", "user_id", "image_ref", "vm_state", "instance_type_id", "uuid", "host", "task_state",
	"locked", "hidden"}

// filterable tells whether a name is a column that Filters knows.
func filterable(name string) bool {
	_, ok := columnNamed(name)
	return ok || slices.Contains(otherColumns, name)
}

// where collects the conditions of a query.
type where struct {
	parts []string
	args  []any
}

func (w *where) and(condition string, args ...any) {
	w.parts = append(w.parts, condition)
	w.args = append(w.args, args...)
}

// Keys are the sort keys of an instance, to continue behind it.
func Keys(i *objects.Instance, sort []SortKey) []any {
	keys := make([]any, len(sort))
	for n, s := range sort {
		c, _ := columnNamed(s.Column)
		keys[n] = c.key(i)
	}
	return keys
}

// Compare orders instances of different cells the way List orders each cell's.
func Compare(a, b *objects.Instance, sort []SortKey) int {
	for _, s := range sort {
		c, _ := columnNamed(s.Column)
		if n := compareKeys(c.key(a), c.key(b)); n != 0 {
			if s.Desc {
				return -n
			}
			return n
		}
	}
	return 0
}

// List reads the instances of a cell that a query asks for, with what is joined
// to their rows; Fill reads the rest of q.Load.
func List(ctx context.Context, c *db.Cell, q InstanceQuery) ([]*objects.Instance, error) {
	if q.Limit == 0 {
		return nil, nil
	}
	var w where
	if !q.states(&w) || !q.filters(&w, c.DB) || !q.tags(&w) {
		return nil, nil
	}
	q.after(&w, c.DB)
	text := ""
	if len(w.parts) > 0 {
		text = " WHERE " + w.text()
	}
	var order, columns []string
	for _, s := range q.Sort {
		dir := " ASC"
		if s.Desc {
			dir = " DESC"
		}
		order = append(order, "i."+s.Column+dir+c.DB.Nulls(s.Desc))
		columns = append(columns, s.Column)
	}
	if len(order) > 0 {
		text += " ORDER BY " + strings.Join(order, ", ")
	}
	if q.Limit > 0 {
		text += " LIMIT ?"
		w.args = append(w.args, q.Limit)
	}
	return rows(ctx, c, newScanner(q.Load, columns...), text, w.args...)
}

func (q *InstanceQuery) states(w *where) bool {
	if q.ChangesSince != nil {
		w.and("i.updated_at >= ?", *q.ChangesSince)
	}
	if q.ChangesBefore != nil {
		w.and("i.updated_at <= ?", *q.ChangesBefore)
	}
	switch {
	case q.Deleted == nil:
	case *q.Deleted:
		w.and("(i.deleted = i.id OR i.vm_state = ?)", "soft-delete")
	default:
		w.and("i.deleted = 0")
		if !q.SoftDeleted {
			w.and("(i.vm_state <> ? OR i.vm_state IS NULL)", "soft-delete")
		}
	}
	if _, asked := q.Filters["hidden"]; !asked {
		w.and("(i.hidden = ? OR i.hidden IS NULL)", false)
	}
	return true
}

// filters answers false where nothing can match.
func (q *InstanceQuery) filters(w *where, d *db.DB) bool {
	names := make([]string, 0, len(q.Filters))
	for name := range q.Filters {
		if filterable(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		column := "i." + name
		switch v := q.Filters[name].(type) {
		case []string:
			if len(v) == 0 {
				return false
			}
			w.and(column+" IN (?)", db.In(v))
		case string:
			if slices.Contains(exactColumns, name) {
				w.and(column+" = ?", v)
				continue
			}
			if d.Kind() == "postgresql" {
				column = "CAST(" + column + " AS TEXT)"
			}
			w.and(column+" "+d.Regexp()+" ?", d.SafeRegexp(v))
		default:
			w.and(column+" = ?", v)
		}
	}
	return true
}

const tagged = "SELECT resource_id FROM tags WHERE tag "

// manyTags is more than a server can have: Nova lets it have 50. It is some times as
// many because a database may take several spellings for one tag.
const manyTags = 200

// tags answers false where nothing can match. Each of several tags is a subquery:
// there are no more of them than it takes to tell servers apart.
func (q *InstanceQuery) tags(w *where) bool {
	tags := distinct(q.Tags)
	if len(tags) > manyTags {
		return false
	}
	for _, t := range tags {
		w.and("i.uuid IN ("+tagged+"= ?)", t)
	}
	if len(q.TagsAny) > 0 {
		w.and("i.uuid IN ("+tagged+"IN (?))", db.In(distinct(q.TagsAny)))
	}
	if not := distinct(q.NotTags); len(not) > 0 && len(not) <= manyTags { // nobody has more
		var all []string
		var args []any
		for _, t := range not {
			all = append(all, "i.uuid IN ("+tagged+"= ?)")
			args = append(args, t)
		}
		w.and("NOT ("+strings.Join(all, " AND ")+")", args...)
	}
	if len(q.NotTagsAny) > 0 {
		w.and("i.uuid NOT IN ("+tagged+"IN (?))", db.In(distinct(q.NotTagsAny)))
	}
	return true
}

// distinct is a list with each value once.
func distinct(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}

// after keeps what stands behind the marker: key by key, equal in all before and
// beyond it in this one. NULL counts as the least value.
func (q *InstanceQuery) after(w *where, d *db.DB) {
	if q.After == nil {
		return
	}
	var alternatives []string
	var args []any
	for n := range q.Sort {
		var all []string
		for m := 0; m <= n; m++ {
			name, key := "i."+q.Sort[m].Column, q.After[m]
			if c, _ := columnNamed(q.Sort[m].Column); c.boolean() && d.Kind() == "postgresql" {
				name = "CAST(" + name + " AS INTEGER)" // keys are numbers
			}
			switch {
			case m < n && key == nil:
				all = append(all, name+" IS NULL")
				continue
			case m < n:
				all = append(all, name+" = ?")
			case q.Sort[m].Desc && key == nil:
				all = append(all, "1 = 0")
				continue
			case q.Sort[m].Desc:
				all = append(all, "("+name+" < ? OR "+name+" IS NULL)")
			case key == nil:
				all = append(all, name+" IS NOT NULL")
				continue
			default:
				all = append(all, name+" > ?")
			}
			args = append(args, key)
		}
		alternatives = append(alternatives, "("+strings.Join(all, " AND ")+")")
	}
	w.and("("+strings.Join(alternatives, " OR ")+")", args...)
}

func (w *where) text() string { return strings.Join(w.parts, " AND ") }
