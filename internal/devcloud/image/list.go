package image

import (
	"slices"
	"strings"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

func (s *Service) list(r *resource.Request) (any, error) {
	values := r.URL.Query()
	hidden, community := values.Has("os_hidden"), values.Get("visibility") != ""
	var seen []resource.Doc
	all := s.o.Store.All(images)
	slices.Reverse(all) // the newest first
	for _, d := range all {
		switch {
		case !s.sees(r.Caller, d), resource.Bool(d, "os_hidden") && !hidden:
		case d["visibility"] == "community" && !community && !r.Caller.Can(resource.Text(d, "owner")):
		default:
			seen = append(seen, d)
		}
	}
	page, more := filters.Select(seen, values)
	out := map[string]any{"images": page, "schema": "/v2/schemas/images", "first": "/v2/images"}
	if more {
		values.Set("marker", resource.Text(page[len(page)-1], "id"))
		out["next"] = "/v2/images?" + values.Encode()
	}
	return out, nil
}

// filter tells whether an image matches the values of a query parameter.
type filter = func(d resource.Doc, values []string) bool

// filters are the filters of lists that do not compare a field.
var filters = resource.Query{Special: map[string]filter{
	"name": oneOf("name"), "id": oneOf("id"), "status": oneOf("status"), "container_format": oneOf("container_format"),
	"disk_format": oneOf("disk_format"),
	"size_min":    func(d resource.Doc, values []string) bool { return resource.Int(d, "size") >= number(values[0]) },
	"size_max":    func(d resource.Doc, values []string) bool { return resource.Int(d, "size") <= number(values[0]) },
	"created_at":  when("created_at"), "updated_at": when("updated_at"),
	"tag": func(d resource.Doc, values []string) bool {
		tags := resource.Strings(d, "tags")
		return !slices.ContainsFunc(values, func(v string) bool { return !slices.Contains(tags, v) })
	},
	"member_status": func(resource.Doc, []string) bool { return true },
	"visibility":    func(d resource.Doc, values []string) bool { return values[0] == "all" || d["visibility"] == values[0] },
}}

// oneOf returns a filter of a field with the values "a,b" or "in:a,b".
func oneOf(field string) filter {
	return func(d resource.Doc, values []string) bool {
		for _, v := range values {
			if !slices.Contains(strings.Split(strings.TrimPrefix(v, "in:"), ","), resource.Text(d, field)) {
				return false
			}
		}
		return true
	}
}

func number(text string) int64 { return resource.Int(resource.Doc{"": text}, "") }

// when returns a filter of a time with the values "gt:TIME" or "TIME".
func when(field string) filter {
	return func(d resource.Doc, values []string) bool {
		op, t, found := strings.Cut(values[0], ":")
		if !found || !slices.Contains([]string{"gt", "gte", "lt", "lte", "eq", "neq"}, op) {
			op, t = "eq", values[0]
		}
		order := strings.Compare(resource.Text(d, field), t)
		return map[string]bool{"gt": order > 0, "gte": order >= 0, "lt": order < 0, "lte": order <= 0, "eq": order == 0, "neq": order != 0}[op]
	}
}
