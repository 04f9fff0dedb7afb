// Package api is the framework of the areas of the compute API: rows that describe operations,
// the dispatcher with Nova's order of checks, faults, links and paging.
//
// It imports mv, schema, policy, reqctx, objects and metrics. Areas import it, and do not
// import each other. Only this package uses http.ResponseWriter.
package api

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/compute/internal/schema"
)

// Route is one operation with everything that a client can observe. An operation has several
// rows with adjoining version ranges if more than its schemas changes with the microversion.
type Route struct {
	Op     string // Nova's controller module and method, "flavors.show", which documents and metrics use as the operation's name
	Method string
	Path   string // below /v2.1 and the optional project: "/flavors/{id}"
	Action string // for POST and a Path that ends in /action: the key of the body

	Do   func(*Request) (any, error) // without Do and On the operation is not implemented and answers 501
	On   *Resource                   // instead of Do, for operations on existing resources
	OK   int                         // the status of success
	Acts bool                        // marks a GET that changes something, such as those that shut down hosts

	From, Until mv.Version // served for From <= v < Until, otherwise 404; zero values are unbounded

	Query, Body Since // by microversion, see At
	Authz       Authz
	Errors      []int // the statuses of errors of Do; any other error becomes Nova's 500

	Gone int // the status of an API that Nova has removed, usually 410
}

// Since maps microversions to names of schemas: an entry applies until the next one, and ""
// means no schema. An entry at mv.Legacy also applies to /v2.
type Since map[mv.Version]string

// derivedName represents a schema name that is derived from the operation.
const derivedName = "\x00"

// At returns a Since of schemas whose names are derived from the operation, with the
// microversion if such a schema exists: "flavors.create.body.2.55", otherwise
// "flavors.create.body".
func At(versions ...mv.Version) Since {
	s := Since{}
	for _, v := range versions {
		s[v] = derivedName
	}
	return s
}

// Schemas returns the names of the schemas of query and body.
func (r *Route) Schemas() (query, body Since) {
	return r.schemas("query", r.Query), r.schemas("body", r.Body)
}

func (r *Route) schemas(part string, s Since) Since {
	all := make(Since, len(s))
	for v, name := range s {
		if name == derivedName {
			name = r.Op + "." + part
			if _, ok := schema.Lookup(name + "." + v.String()); ok {
				name += "." + v.String()
			}
		}
		all[v] = name
	}
	return all
}

// Done reports whether the operation is implemented.
func (r *Route) Done() bool { return r.Do != nil || r.On != nil || r.Gone != 0 }

func (r *Route) covers(v mv.Version) bool {
	return r.From <= v && (r.Until == 0 || v < r.Until)
}

// Key returns method, path and action: "POST /servers/{id}/action reboot".
func (r *Route) Key() string {
	if r.Action == "" {
		return r.Method + " " + r.Path
	}
	return r.Method + " " + r.Path + " " + r.Action
}

// Check returns an error for rows that are inconsistent in themselves or with each other. The
// compute application calls it once, at the start.
func Check(routes []Route) error {
	spans := map[string][]*Route{}
	for i := range routes {
		r := &routes[i]
		if r.Method == "" || !strings.HasPrefix(r.Path, "/") || r.Op == "" {
			return fmt.Errorf("route %d: method, path and operation are required: %+v", i, r.Key())
		}
		if (r.Do != nil || r.On != nil) && r.OK == 0 {
			return fmt.Errorf("%s: no status of success", r.Key())
		}
		if err := r.validateAuthz(); err != nil {
			return err
		}
		query, body := r.Schemas()
		for _, names := range []Since{query, body} {
			for v, name := range names {
				if _, ok := schema.Lookup(name); !ok && name != "" {
					return fmt.Errorf("%s: schema %q of %s does not exist", r.Key(), name, v)
				}
			}
		}
		for _, o := range spans[r.Key()] {
			if r.covers(o.From) || o.covers(r.From) {
				return fmt.Errorf("%s: two rows cover the same microversion", r.Key())
			}
		}
		spans[r.Key()] = append(spans[r.Key()], r)
	}
	return nil
}

// schemaHistory is a Since, prepared for lookups.
type schemaHistory []schemaSpan

type schemaSpan struct {
	from   mv.Version
	schema *schema.Schema
}

// history returns the schemas in a release. Those of older releases may begin at other
// microversions than s.
func (s Since) history(major int) schemaHistory {
	h := make(schemaHistory, 0, len(s))
	for v, name := range s {
		sc, _ := schema.Lookup(name)
		if sc != nil {
			if spans, ok := schema.History(sc.Operation(), major); ok {
				return ofSpans(spans)
			}
		}
		h = append(h, schemaSpan{v, sc.For(major)})
	}
	slices.SortFunc(h, func(a, b schemaSpan) int { return int(a.from) - int(b.from) })
	return h
}

func ofSpans(spans []schema.Span) schemaHistory {
	h := make(schemaHistory, 0, len(spans))
	for _, span := range spans {
		h = append(h, schemaSpan{mv.Version(span.From), span.Schema})
	}
	return h
}

// at returns the schema of microversion v, or nil.
func (h schemaHistory) at(v mv.Version) *schema.Schema {
	var s *schema.Schema
	for _, e := range h {
		if e.from > v {
			break
		}
		s = e.schema
	}
	return s
}

// Span returns the range of microversions of a row: "2.1-2.35", "2.36-".
func (r *Route) Span() string {
	until := ""
	if r.Until != 0 {
		until = (r.Until - 1).String()
	}
	return max(r.From, mv.Min).String() + "-" + until
}
