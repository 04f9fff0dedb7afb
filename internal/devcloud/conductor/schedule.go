package conductor

import (
	"context"
	"slices"

	"github.com/nova-go/nova/internal/devcloud/records"
	"github.com/nova-go/nova/internal/versioned"
)

// wish is what a server wants of the host it comes to.
type wish struct {
	spec   *versioned.Object
	ignore []string // hosts
	host   string   // must be this one, unless ""
	last   string   // host that is taken only if there is no other
	// claim takes the resources of a host; false: it has none left.
	claim func(records.Host) (bool, error)
}

// choose finds a host for a server, and claims its resources.
func (c *Conductor) choose(ctx context.Context, w wish) (records.Host, error) {
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
	for _, h := range hosts {
		ok, err := c.suits(ctx, w, h)
		if err != nil {
			return h, err
		}
		if !ok {
			continue
		}
		if ok, err = w.claim(h); ok || err != nil {
			return h, err
		}
	}
	return records.Host{}, noHost()
}

func (c *Conductor) suits(ctx context.Context, w wish, h records.Host) (bool, error) {
	_, _, down := c.Plan.Step("", h.Name, "report", nil)
	want := func(list []string) bool { return len(list) == 0 || slices.Contains(list, h.Name) }
	to := w.spec.Object("requested_destination")
	switch {
	case w.host != "" && h.Name != w.host, slices.Contains(w.ignore, h.Name), !slices.Contains(c.Hosts, h.Name), down != nil, h.Down:
		return false, nil
	case !want(texts(w.spec, "force_hosts")), !want(texts(w.spec, "force_nodes")):
		return false, nil
	case to.Text("host") != "" && to.Text("host") != h.Name, to.Text("node") != "" && to.Text("node") != h.Name:
		return false, nil
	}
	if len(texts(w.spec, "force_hosts"))+len(texts(w.spec, "force_nodes")) > 0 {
		return true, nil // by force
	}
	if zone := w.spec.Text("availability_zone"); h.Disabled || zone != "" && zone != c.Zone(ctx, h.Name) {
		return false, nil
	}
	return c.befits(ctx, w.spec, h.Name)
}

func texts(v *versioned.Object, field string) []string {
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

// befits looks at who else is on a host: the server's group, and its hints.
func (c *Conductor) befits(ctx context.Context, spec *versioned.Object, host string) (bool, error) {
	where := func(servers []string) (map[string]int, error) { return c.Records.Where(ctx, servers) }
	if g := spec.Object("instance_group"); g != nil {
		members := slices.DeleteFunc(texts(g, "members"), func(m string) bool { return m == spec.Text("instance_uuid") })
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
		servers := texts((&versioned.Object{Data: hints}), hint)
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
