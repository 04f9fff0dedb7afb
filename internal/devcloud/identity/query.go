package identity

import (
	"slices"
	"strings"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

// listQuery has the filters of lists. As in Keystone, unknown parameters have no effect.
var listQuery = resource.Query{
	Only: []string{"name", "domain_id", "enabled", "parent_id", "parent_region_id", "is_domain", "type", "service_id", "interface",
		"region_id"},
	Special: map[string]func(resource.Doc, []string) bool{
		"tags":         func(d resource.Doc, wanted []string) bool { return tagged(d, wanted) == all },
		"tags-any":     func(d resource.Doc, wanted []string) bool { return tagged(d, wanted) != none },
		"not-tags":     func(d resource.Doc, wanted []string) bool { return tagged(d, wanted) != all },
		"not-tags-any": func(d resource.Doc, wanted []string) bool { return tagged(d, wanted) == none },
	},
	Compare: map[string]func(text, wanted string) bool{
		"contains": strings.Contains, "icontains": ignoringCase(strings.Contains), "startswith": strings.HasPrefix,
		"istartswith": ignoringCase(strings.HasPrefix),
		"endswith":    strings.HasSuffix, "iendswith": ignoringCase(strings.HasSuffix),
	},
}

// ignoringCase returns a comparison that ignores case.
func ignoringCase(compare func(text, wanted string) bool) func(text, wanted string) bool {
	return func(text, wanted string) bool { return compare(strings.ToLower(text), strings.ToLower(wanted)) }
}

// match says how many of the tags in a query a project has.
type match int

const (
	none match = iota
	some
	all
)

// tagged compares the tags of a project with the value "a,b" of a query.
func tagged(d resource.Doc, wanted []string) match {
	tags, m := resource.Strings(d, "tags"), all
	found := false
	for _, tag := range strings.Split(strings.Join(wanted, ","), ",") {
		if slices.Contains(tags, tag) {
			found = true
		} else {
			m = some
		}
	}
	if !found {
		return none
	}
	return m
}
