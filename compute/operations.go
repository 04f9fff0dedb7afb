package compute

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/startup"
)

// Operation is a row of the table of operations, as docs/ROUTES.md shows it.
type Operation struct {
	// Request is the method, the path below /v2.1 and the project, and for actions the key of
	// the body: "POST /servers/{id}/action reboot".
	Request string
	// Name is Nova's controller module and method, "servers.reboot". An operation whose
	// contract changes with the microversion has several rows.
	Name string
	// Versions is the range of microversions: "2.1-2.35", "2.36-".
	Versions string
	// Success is the status of success; 0 if the operation never succeeds.
	Success int
	// Errors are the statuses of the operation's own errors. Every operation may also answer
	// 400, 401, 403 and 503.
	Errors []int
	// Policy is the rule, followed by its target if that is not the caller; "public" if there
	// is no rule.
	Policy string
	// Also are further rules that the operation may check: instead of Policy, or for parts of
	// the operation or of its answer.
	Also []string
	// Schemas are the microversions, without "2.", in which the schemas of body and query
	// begin: "body v2 1 55".
	Schemas string
	// Gone is the status of an operation that Nova has removed, otherwise 0.
	Gone int
}

// Operations lists all operations of the API in the order of Nova's routes.
func Operations() []Operation {
	var list []Operation
	for _, r := range allRoutes() {
		list = append(list, Operation{Request: r.Key(), Name: r.Op, Versions: r.Span(), Success: r.OK, Errors: r.Errors,
			Policy: r.Authz.String(), Also: furtherRules(r.Authz), Schemas: schemas(&r), Gone: r.Gone})
	}
	return list
}

func furtherRules(a api.Authz) []string {
	var names []string
	for _, rule := range a.Others() {
		names = append(names, string(rule))
	}
	return names
}

// allRoutes returns the rows of all areas, of an application without dependencies.
func allRoutes() []api.Route {
	return areas(newParts(&deps{config: &config.Config{}, Databases: &startup.Databases{}}))
}

func schemas(r *api.Route) string {
	var parts []string
	for _, kind := range []struct {
		name  string
		since api.Since
	}{{"body", r.Body}, {"query", r.Query}} {
		if len(kind.since) == 0 {
			continue
		}
		part := kind.name
		for _, v := range slices.Sorted(maps.Keys(kind.since)) {
			if v == 0 {
				part += " v2"
			} else {
				part += fmt.Sprint(" ", uint16(v))
			}
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, ", ")
}
