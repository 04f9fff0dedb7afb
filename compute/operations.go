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

// Operation is one row of the table of operations: what docs/ROUTES.md shows of it.
type Operation struct {
	// Request is the method, the path below /v2.1 and the project, and for actions the
	// key of the body: "POST /servers/{id}/action reboot".
	Request string
	// Name is Nova's controller module and method, "servers.reboot". An operation whose
	// contract changes with the microversion has several rows.
	Name string
	// Versions is the span of microversions: "2.1-2.35", "2.36-".
	Versions string
	// Success is the status of success; 0 where there is none.
	Success int
	// Errors are the statuses of errors beside those that every operation may answer:
	// 400, 401, 403, 503.
	Errors []int
	// Policy is the rule, and what it is checked against where that is not the caller;
	// "public" without one.
	Policy string
	// Also are further rules that the operation may ask: in the place of Policy, or for
	// parts of what it does or shows.
	Also []string
	// Schemas are the microversions, without "2.", in which the schemas of body and query
	// begin: "body v2 1 55".
	Schemas string
	// Gone is the status of an operation that Nova has removed, else 0.
	Gone int
}

// Operations lists every operation of the API in the order of Nova's routes.
func Operations() []Operation {
	var list []Operation
	for _, r := range routes() {
		list = append(list, Operation{Request: r.Key(), Name: r.Op, Versions: r.Span(), Success: r.OK, Errors: r.Errors, Policy: r.Authz.String(), Also: also(r.Authz), Schemas: schemas(&r), Gone: r.Gone})
	}
	return list
}

func also(a api.Authz) []string {
	var names []string
	for _, rule := range a.Others() {
		names = append(names, string(rule))
	}
	return names
}

// routes lists the rows of every area, of an application that is not served.
func routes() []api.Route {
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
