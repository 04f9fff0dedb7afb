package identity

import (
	"slices"
	"strings"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

// listed are the filters of lists. As in Keystone, parameters that are none of them have
// no effect.
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

// folded is a comparison without regard to upper and lower case.
func ignoringCase(compare func(text, wanted string) bool) func(text, wanted string) bool {
	return func(text, wanted string) bool { return compare(strings.ToLower(text), strings.ToLower(wanted)) }
}

// match is how many of the tags that a query names a project has.
type match int

const (
	none match = iota
	some
	all
)

// tagged compares the tags of a project with "a,b" of a query.
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
