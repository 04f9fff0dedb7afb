package conductor

import (
	"context"
	"slices"

	"github.com/nova-go/nova/internal/devcloud/records"
	"github.com/nova-go/nova/internal/versioned"
)

// request is a request to the scheduler for the host of a server.
type request struct {
	spec   *versioned.Object
	ignore []string // hosts that are not chosen
	host   string   // the only host that may be chosen; "": any
	last   string   // a host that is chosen only if no other is suitable
	// claim claims resources of a host. It returns false if the host has too few.
	claim func(records.Host) (bool, error)
}

// selectDestination chooses a host for a server and claims its resources.
func (c *Conductor) selectDestination(ctx context.Context, w request) (records.Host, error) {
	c.choosing.Lock()
	defer c.choosing.Unlock()
	hosts, err := c.Records.Hosts(ctx)
	if err != nil {
		return records.Host{}, err
	}
	load, err := c.Records.Load(ctx)
	if err != nil {
		return records.Host{}, err
	}
	slices.SortStableFunc(hosts, func(a, b records.Host) int {
		if (a.Name == w.last) != (b.Name == w.last) {
			if a.Name == w.last {
				return 1
			}
			return -1
		}
		return int(load[a.Name] - load[b.Name])
	})
	reason := "" // without a candidate of Placement
	for _, h := range hosts {
		if !slices.Contains(c.Hosts, h.Name) || !c.isCandidate(ctx, w, h) {
			continue
		}
		ok, err := c.passesFilters(ctx, w, h)
		if err != nil {
			return h, err
		}
		if !ok {
			reason = "There are not enough hosts available."
			continue
		}
		if ok, err = w.claim(h); ok || err != nil {
			return h, err
		}
	}
	return records.Host{}, noValidHost(reason)
}

// isCandidate tells whether Placement offers a host: it is enabled, in the requested zone, and the
// requested one.
func (c *Conductor) isCandidate(ctx context.Context, w request, h records.Host) bool {
	want := func(list []string) bool { return len(list) == 0 || slices.Contains(list, h.Name) }
	to := w.spec.Object("requested_destination")
	switch {
	case !want(stringList(w.spec, "force_hosts")), !want(stringList(w.spec, "force_nodes")),
		w.host != "" && h.Name != w.host,
		to.Text("host") != "" && to.Text("host") != h.Name, to.Text("node") != "" && to.Text("node") != h.Name:
		return false
	case isForced(w): // force_hosts and force_nodes skip the filters
		return true
	}
	zone := w.spec.Text("availability_zone")
	return !h.Disabled && (zone == "" || zone == c.Zone(ctx, h.Name))
}

func isForced(w request) bool {
	return len(stringList(w.spec, "force_hosts"))+len(stringList(w.spec, "force_nodes")) > 0
}

// passesFilters tells whether the scheduler may choose a host that Placement offers.
func (c *Conductor) passesFilters(ctx context.Context, w request, h records.Host) (bool, error) {
	_, _, down := c.Plan.Step("", h.Name, "report", nil)
	if slices.Contains(w.ignore, h.Name) || down != nil || h.Down {
		return false, nil
	}
	if isForced(w) {
		return true, nil
	}
	return c.fitsGroupAndHints(ctx, w.spec, h.Name)
}

func stringList(v *versioned.Object, field string) []string {
	var out []string
	if v == nil {
		return nil
	}
	list, _ := v.Data[field].([]any)
	for _, one := range list {
		if s, ok := one.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// fitsGroupAndHints checks the policy of the server's group and the hints same_host and
// different_host.
func (c *Conductor) fitsGroupAndHints(ctx context.Context, spec *versioned.Object, host string) (bool, error) {
	where := func(servers []string) (map[string]int, error) { return c.Records.Where(ctx, servers) }
	if g := spec.Object("instance_group"); g != nil {
		members, err := c.Records.GroupMembers(ctx, g.Text("uuid")) // those of the request may have been others
		if err != nil {
			return false, err
		}
		members = slices.DeleteFunc(members, func(m string) bool { return m == spec.Text("instance_uuid") })
		at, err := where(members)
		if err != nil {
			return false, err
		}
		switch g.Text("policy") {
		case "affinity":
			if len(at) > 0 && at[host] == 0 {
				return false, nil
			}
		case "anti-affinity":
			most := 1
			if rules, ok := g.Data["_rules"].(map[string]any); ok {
				if n, ok := (&versioned.Object{Data: rules}).Int("max_server_per_host"); ok {
					most = int(n)
				}
			}
			if at[host] >= most {
				return false, nil
			}
		}
	}
	hints, _ := spec.Data["scheduler_hints"].(map[string]any)
	for hint, same := range map[string]bool{"same_host": true, "different_host": false} {
		servers := stringList((&versioned.Object{Data: hints}), hint)
		if len(servers) == 0 {
			continue
		}
		at, err := where(servers)
		if err != nil || (at[host] > 0) != same {
			return false, err
		}
	}
	return true, nil
}
