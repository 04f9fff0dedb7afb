package middleware

import (
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/nova-go/nova/internal/middleware/filter"
)

// accessRules are the access rules of an application credential. A request must match one of
// them.
type accessRules struct {
	services []string // service types of the catalog
	rules    []accessRule
}

type accessRule struct {
	Method  string `json:"method"`
	Path    string `json:"path"`
	Service string `json:"service"`

	pattern *regexp.Regexp
}

func newAccessRules(rules []accessRule, catalog *[]catalogService) *accessRules {
	a := &accessRules{rules: slices.Clone(rules)}
	for i := range a.rules {
		a.rules[i].pattern = pathPattern(a.rules[i].Path)
	}
	if catalog != nil {
		for _, s := range *catalog {
			a.services = append(a.services, s.Type)
		}
	}
	return a
}

// allow reports whether a request is allowed. serviceType is the type of this service. Requests
// that another service sends for the user are allowed, because they result from an allowed
// request.
func (a *accessRules) allow(r *http.Request, serviceType string, fromService bool) bool {
	switch {
	case a == nil:
		return true
	case serviceType == "" || !slices.Contains(a.services, serviceType):
		return false
	case fromService:
		return true
	}
	path := filter.WSGIPath(r)
	return slices.ContainsFunc(a.rules, func(rule accessRule) bool {
		return rule.Method == r.Method && rule.Service == serviceType && rule.pattern.MatchString(path)
	})
}

// pathPattern converts the path of a rule: "{name}" and "*" match one path segment, "**"
// matches any number.
func pathPattern(path string) *regexp.Regexp {
	var b strings.Builder
	b.WriteString("^")
	for path != "" {
		if end := strings.IndexByte(path, '}'); path[0] == '{' && end > 0 {
			b.WriteString("[^/]+")
			path = path[end+1:]
			continue
		}
		switch {
		case strings.HasPrefix(path, "**"):
			b.WriteString(".*")
			path = path[2:]
		case path[0] == '*':
			b.WriteString("[^/]+")
			path = path[1:]
		default:
			n := strings.IndexAny(path[1:], "{*") + 1
			if n == 0 {
				n = len(path)
			}
			b.WriteString(regexp.QuoteMeta(path[:n]))
			path = path[n:]
		}
	}
	b.WriteString("$")
	return regexp.MustCompile(b.String())
}
