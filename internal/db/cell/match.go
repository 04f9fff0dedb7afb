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
		if !valueMatches(name, c.key(i), want) {
			return false
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

// valueMatches applies a filter to the value of its column: a list of allowed texts, a text (a
// regular expression but for columns that are compared exactly), or a single value.
func valueMatches(column string, have, want any) bool {
	switch want := want.(type) {
	case []string:
		s, _ := have.(string)
		return slices.Contains(want, s)
	case string:
		if slices.Contains(exactColumns, column) {
			return have != nil && fmt.Sprint(have) == want
		}
		re, err := regexp.Compile(want)
		return have == nil || have == "" || err == nil && re.MatchString(fmt.Sprint(have))
	}
	return fmt.Sprint(have) == fmt.Sprint(want) || have == int64(0) && want == false || have == int64(1) && want == true
}
