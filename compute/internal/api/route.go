// Package api is the frame on which every area of the compute API is written:
// rows that say all there is to say of an operation, the dispatcher that keeps
// Nova's order of checks, faults, links and paging.
//
// It imports mv, schema, policy, reqctx, objects and what counts requests; areas import it, and never
// one another. Only this package touches http.ResponseWriter.
package api

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/compute/internal/schema"
)

// Route is one operation with everything a client can observe of it. An
// operation whose contract changes with the microversion in more than its
// schemas has several rows with adjoining spans.
type Route struct {
	Op     string // Nova's controller module and method, "flavors.show": names the operation in docs and metrics
	Method string
	Path   string // below /v2.1 and the optional project: "/flavors/{id}"
	Action string // for Method POST and a Path ending in /action: the key of the body

	Do   func(*Request) (any, error) // without Do and On: not done yet, answers 501 and is counted
	On   *Resource                   // in the place of Do, for operations on something that exists
	OK   int                         // status of success
	Acts bool                        // a GET that changes something, as those that turn hosts off

	From, Until mv.Version // served while From <= v < Until; outside a 404. Zero values mean always

	Query, Body Since // by microversion, see At
	Authz       Authz
	Errors      []int // statuses that Do may answer; any other error becomes Nova's 500

	Gone int // status of an API that Nova has removed, usually 410; nothing is done then
}

// Since maps the first microversion that a schema holds for to its name; it
// holds until the next entry, where "" means none. An entry at mv.Legacy also
// serves /v2.
type Since map[mv.Version]string

// named stands for the name of a schema that follows from the operation.
const named = "\x00"

// At is a Since of schemas that are called after the operation, with the microversion if
// there is one of that name: "flavors.create.body.2.55", or "flavors.create.body".
func At(versions ...mv.Version) Since {
	s := Since{}
	for _, v := range versions {
		s[v] = named
	}
	return s
}

// Schemas are the names of the schemas of query and body.
func (r *Route) Schemas() (query, body Since) {
	return r.schemas("query", r.Query), r.schemas("body", r.Body)
}

func (r *Route) schemas(part string, s Since) Since {
	all := make(Since, len(s))
	for v, name := range s {
		if name == named {
			name = r.Op + "." + part
			if _, ok := schema.Lookup(name + "." + v.String()); ok {
				name += "." + v.String()
			}
		}
		all[v] = name
	}
	return all
}

// Done tells whether the operation does what Nova's does.
func (r *Route) Done() bool { return r.Do != nil || r.On != nil || r.Gone != 0 }

func (r *Route) covers(v mv.Version) bool {
	return r.From <= v && (r.Until == 0 || v < r.Until)
}

// Key is the method, the path and the action: "POST /servers/{id}/action reboot".
func (r *Route) Key() string {
	if r.Action == "" {
		return r.Method + " " + r.Path
	}
	return r.Method + " " + r.Path + " " + r.Action
}

// Check refuses rows that contradict themselves or each other. The compute
// application calls it once, at start.
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

// history is a Since, ready to look up.
type history []era

type era struct {
	from   mv.Version
	schema *schema.Schema
}

func (s Since) history() history {
	h := make(history, 0, len(s))
	for v, name := range s {
		sc, _ := schema.Lookup(name)
		h = append(h, era{v, sc})
	}
	slices.SortFunc(h, func(a, b era) int { return int(a.from) - int(b.from) })
	return h
}

// at is the schema that holds for v, or nil.
func (h history) at(v mv.Version) *schema.Schema {
	var s *schema.Schema
	for _, e := range h {
		if e.from > v {
			break
		}
		s = e.schema
	}
	return s
}

// Span is the microversions that a row serves: "2.1-2.35", "2.36-".
func (r *Route) Span() string {
	until := ""
	if r.Until != 0 {
		until = (r.Until - 1).String()
	}
	return max(r.From, mv.Min).String() + "-" + until
}
