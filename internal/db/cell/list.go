package cell

import (
	"slices"
	"strings"
	"time"

	"github.com/nova-go/nova/internal/db"
)

// SortKey is a column of instances that a list is sorted by.
type SortKey struct {
	Column string
	Desc   bool
}

// InstanceQuery selects and orders instances of a cell.
type InstanceQuery struct {
	// Filters has values by column. A string, int64 or bool must be equal to columns in
	// exactColumns; a string is a regular expression for other columns; a []string has
	// alternatives. Names that are not columns are ignored.
	Filters map[string]any

	Deleted     *bool // nil: deleted ones and others
	SoftDeleted bool  // with Deleted false: soft-deleted ones, too

	ChangesSince, ChangesBefore *time.Time

	Tags, TagsAny, NotTags, NotTagsAny []string

	Sort  []SortKey // the last one should be uuid, which makes the order total
	After []any     // the keys of the marker in the order of Sort, or nil
	Limit int       // 0: no instances; below 0: no limit

	Load Load

	// Scans decides how some lists are read; nil: the database decides.
	Scans *Scans `json:"-"`

	passing bool // instances of other projects are passed over, instead of finding those of the project by an index
}

var exactColumns = []string{"project_id", "user_id", "image_ref", "vm_state", "instance_type_id", "uuid", "host", "task_state",
	"locked", "hidden"}

// filterable tells whether Filters supports a name.
func filterable(name string) bool {
	_, ok := columnNamed(name)
	return ok || slices.Contains(otherColumns, name)
}

// conditions collects the conditions of a WHERE clause.
type conditions struct {
	parts []string
	args  []any
}

func (w *conditions) and(condition string, args ...any) {
	w.parts = append(w.parts, condition)
	w.args = append(w.args, args...)
}

func (q *InstanceQuery) states(w *conditions) bool {
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

// filters adds conditions for q.Filters. It returns false if no instance can match.
func (q *InstanceQuery) filters(w *conditions, d *db.DB) bool {
	names := make([]string, 0, len(q.Filters))
	for name := range q.Filters {
		if filterable(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		column := "i." + name
		if q.passing && name == "project_id" {
			column = "COALESCE(i.project_id, '')" // has no index
		}
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

const selectTagged = "SELECT resource_id FROM tags WHERE tag "

// maxTagFilters is the number of tags above which no instance can match. Nova allows 50 tags per
// server. The value is greater because a collation may treat several spellings as the same tag.
const maxTagFilters = 200

// tags adds conditions for the tags. It returns false if no instance can match. Each of several
// tags is a subquery, so that their number is limited.
func (q *InstanceQuery) tags(w *conditions) bool {
	tags := uniqueSorted(q.Tags)
	if len(tags) > maxTagFilters {
		return false
	}
	for _, t := range tags {
		w.and("i.uuid IN ("+selectTagged+"= ?)", t)
	}
	if len(q.TagsAny) > 0 {
		w.and("i.uuid IN ("+selectTagged+"IN (?))", db.In(uniqueSorted(q.TagsAny)))
	}
	if not := uniqueSorted(q.NotTags); len(not) > 0 && len(not) <= maxTagFilters { // no instance has more tags, so that all match
		var all []string
		var args []any
		for _, t := range not {
			all = append(all, "i.uuid IN ("+selectTagged+"= ?)")
			args = append(args, t)
		}
		w.and("NOT ("+strings.Join(all, " AND ")+")", args...)
	}
	if len(q.NotTagsAny) > 0 {
		w.and("i.uuid NOT IN ("+selectTagged+"IN (?))", db.In(uniqueSorted(q.NotTagsAny)))
	}
	return true
}

// uniqueSorted returns the different values of a list in order.
func uniqueSorted(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}

// after adds the condition that an instance follows the marker: for some key, all previous keys
// are equal and this one is beyond that of the marker. NULL is less than other values.
func (q *InstanceQuery) after(w *conditions, d *db.DB) {
	if q.After == nil {
		return
	}
	var alternatives []string
	var args []any
	for n := range q.Sort {
		var all []string
		for m := 0; m <= n; m++ {
			name, key := "i."+q.Sort[m].Column, q.After[m]
			if c, _ := columnNamed(q.Sort[m].Column); c.isBoolean() && d.Kind() == "postgresql" {
				name = "CAST(" + name + " AS INTEGER)" // the keys of boolean columns are numbers
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

func (w *conditions) text() string { return strings.Join(w.parts, " AND ") }
