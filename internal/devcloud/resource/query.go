package resource

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Query selects documents by the query of a list: filters by fields, sort_key and sort_dir,
// marker and limit, fields. With the zero value each other parameter is compared with the text of
// the field of that name.
type Query struct {
	// Special are filters with functions of their own, by parameter.
	Special map[string]func(d Doc, values []string) bool
	// Ignore are parameters that are not filters.
	Ignore []string
	// Only are the fields that are filters; if empty, all fields are.
	Only []string
	// Same has other names of fields: "tenant_id" is "project_id".
	Same map[string]string
	// Compare has further comparisons with the text of a field: with the key "contains",
	// name__contains=x is a filter.
	Compare map[string]func(text, wanted string) bool
}

// paging are the parameters that every list supports.
var paging = []string{"limit", "marker", "sort_key", "sort_dir", "sort", "fields", "page_reverse", "offset"}

// Select returns the documents that a query selects, without internal fields, and whether more
// follow.
func (q Query) Select(all []Doc, values url.Values) (page []Doc, more bool) {
	page = make([]Doc, 0, len(all))
	for _, d := range all {
		if q.matches(d, values) {
			page = append(page, d)
		}
	}
	sortBy(page, orders(values))
	page, more = paginate(page, values)
	out := make([]Doc, len(page))
	for n, d := range page {
		out[n] = withFields(d, values["fields"])
	}
	return out, more
}

// sortBy sorts documents in place.
func sortBy(list []Doc, orders []order) {
	for _, by := range slices.Backward(orders) {
		slices.SortStableFunc(list, func(a, b Doc) int {
			order := compare(a[by.key], b[by.key])
			if by.down {
				return -order
			}
			return order
		})
	}
}

// paginate returns the page of a list that marker, offset and limit select. An unknown marker and
// invalid numbers have no effect.
func paginate(list []Doc, values url.Values) (page []Doc, more bool) {
	page = list
	if marker := values.Get("marker"); marker != "" {
		if n := slices.IndexFunc(page, func(d Doc) bool { return Text(d, "id") == marker }); n >= 0 {
			page = page[n+1:]
		}
	}
	if offset, err := strconv.Atoi(values.Get("offset")); err == nil && offset > 0 {
		page = page[min(offset, len(page)):]
	}
	if limit, err := strconv.Atoi(values.Get("limit")); err == nil && limit > 0 && len(page) > limit {
		page, more = page[:limit], true
	}
	return page, more
}

// withFields returns a document with the given fields, or with all but the internal ones if none
// are given.
func withFields(d Doc, fields []string) Doc {
	if len(fields) == 0 {
		return Shown(d)
	}
	out := make(Doc, len(fields))
	for _, f := range fields {
		if v, ok := d[f]; ok && !strings.HasPrefix(f, "_") {
			out[f] = v
		}
	}
	return out
}

// order is a field that a list is sorted by.
type order struct {
	key  string
	down bool
}

// orders returns the sort fields of sort_key and sort_dir, which may be repeated, or of sort
// ("name:asc,size"), the most significant first.
func orders(values url.Values) []order {
	var list []order
	dirs := values["sort_dir"]
	for n, key := range values["sort_key"] {
		dir := ""
		if len(dirs) > 0 {
			dir = dirs[min(n, len(dirs)-1)]
		}
		list = append(list, order{key, dir == "desc"})
	}
	for by := range strings.SplitSeq(values.Get("sort"), ",") {
		if key, dir, _ := strings.Cut(by, ":"); key != "" {
			list = append(list, order{key, dir == "desc"})
		}
	}
	return list
}

func (q Query) matches(d Doc, values url.Values) bool {
	for name, wanted := range values {
		if f := q.Special[name]; f != nil {
			if !f(d, wanted) {
				return false
			}
			continue
		}
		compare := equal
		if field, how, ok := strings.Cut(name, "__"); ok && q.Compare[how] != nil {
			name, compare = field, func(v any, wanted string) bool { return v != nil && q.Compare[how](fmt.Sprint(v), wanted) }
		}
		if slices.Contains(paging, name) || slices.Contains(q.Ignore, name) || q.Only != nil && !slices.Contains(q.Only, name) {
			continue
		}
		if same, ok := q.Same[name]; ok {
			name = same
		}
		if !slices.ContainsFunc(wanted, func(w string) bool { return compare(d[name], w) }) {
			return false
		}
	}
	return true
}

func equal(v any, wanted string) bool {
	switch v := v.(type) {
	case bool:
		b, err := strconv.ParseBool(strings.ToLower(wanted))
		return err == nil && b == v
	case nil:
		return wanted == ""
	case []any:
		return slices.ContainsFunc(v, func(o any) bool { return equal(o, wanted) })
	case []string:
		return slices.Contains(v, wanted)
	}
	return fmt.Sprint(v) == wanted
}

func compare(a, b any) int {
	if x, y := Int(Doc{"": a}, ""), Int(Doc{"": b}, ""); x != y {
		return cmp.Compare(x, y)
	}
	return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b))
}

// HasPairs tells whether the object in a field has the pairs of a filter, in Python's syntax:
// "{'a': 'b'}".
func HasPairs(d Doc, field, wanted string) bool {
	var want map[string]string
	if err := json.Unmarshal([]byte(strings.ReplaceAll(wanted, "'", `"`)), &want); err != nil {
		return false
	}
	for k, v := range want {
		if Object(d, field)[k] != v {
			return false
		}
	}
	return true
}
