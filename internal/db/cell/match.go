package cell

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/nova-go/nova/internal/objects"
)

// Matches applies the filters of q to the server of a build request, which is not in the database
// of a cell yet.
func Matches(i *objects.Instance, q InstanceQuery) bool {
	for name, want := range q.Filters {
		c, ok := columnNamed(name)
		if !ok {
			continue
		}
		have := c.key(i)
		switch want := want.(type) {
		case []string:
			s, _ := have.(string)
			if !slices.Contains(want, s) {
				return false
			}
		case string:
			if slices.Contains(exactColumns, name) {
				if have == nil || fmt.Sprint(have) != want {
					return false
				}
				continue
			}
			re, err := regexp.Compile(want)
			if have != nil && have != "" && (err != nil || !re.MatchString(fmt.Sprint(have))) {
				return false
			}
		default:
			if fmt.Sprint(have) != fmt.Sprint(want) && !(have == int64(0) && want == false) && !(have == int64(1) && want == true) {
				return false
			}
		}
	}
	has := func(t string) bool { return slices.Contains(i.Tags, t) }
	hasNot := func(t string) bool { return !has(t) }
	switch {
	case slices.ContainsFunc(q.Tags, hasNot):
	case len(q.TagsAny) > 0 && !slices.ContainsFunc(q.TagsAny, has):
	case len(q.NotTags) > 0 && !slices.ContainsFunc(q.NotTags, hasNot):
	case slices.ContainsFunc(q.NotTagsAny, has):
	default:
		return true
	}
	return false
}
