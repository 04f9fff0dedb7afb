package neutron

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/maypok86/otter/v2"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/singleflight"

	"github.com/nova-go/nova/internal/metrics"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
)

// searchIDs is how many ids one query may name: they are part of its URL.
const searchIDs = 150

// Security groups of a server are shown as they were for namesFresh; for
// namesStale, while they are read again. Nova asks for each view of each server,
// and Neutron answers some dozens of such questions a second.
const (
	namesFresh = time.Second
	namesStale = 3 * time.Second
)

// groupNames shares what Neutron says of servers' security groups among the
// views of a moment.
type groupNames struct {
	cache  *otter.Cache[groupKey, heldNames]
	flight singleflight.Group
	asked  *metrics.Cache
}

// groupKey is a server as a project sees it.
type groupKey struct {
	project string
	admin   bool
	server  string
}

type heldNames struct {
	names []string
	read  time.Time
}

func newGroupNames(asked *metrics.Cache) *groupNames {
	return &groupNames{asked: asked, cache: otter.Must(&otter.Options[groupKey, heldNames]{
		MaximumSize: 20000, ExpiryCalculator: otter.ExpiryWriting[groupKey, heldNames](namesStale)})}
}

// GroupNames answers the names of the security groups of each server's ports, in
// the order of the ports.
func (c *Client) GroupNames(ctx context.Context, caller *reqctx.Context, servers []string) (map[string][]string, error) {
	key := groupKey{project: caller.ProjectID, admin: caller.IsAdmin}
	names := make(map[string][]string, len(servers))
	var missing, stale []string
	for _, s := range servers {
		key.server = s
		held, ok := c.groups.cache.GetIfPresent(key)
		c.groups.asked.Asked(ok)
		switch {
		case !ok:
			missing = append(missing, s)
			continue
		case time.Since(held.read) > namesFresh:
			stale = append(stale, s)
		}
		names[s] = held.names
	}
	if len(stale) > 0 {
		key, read := c.holding(context.WithoutCancel(ctx), caller, stale)
		c.groups.flight.DoChan(key, read) // nobody waits, and many who find it stale start one
	}
	if len(missing) == 0 {
		return names, nil
	}
	read, err := c.holdGroupNames(context.WithoutCancel(ctx), caller, missing)
	maps.Copy(names, read)
	return names, err
}

// holdGroupNames reads names into the cache; who asks for the same at the same
// time shares the answer.
func (c *Client) holdGroupNames(ctx context.Context, caller *reqctx.Context, servers []string) (map[string][]string, error) {
	read, err, _ := c.groups.flight.Do(c.holding(ctx, caller, servers))
	if err != nil {
		return nil, err
	}
	return read.(map[string][]string), nil
}

// holding is the flight of holdGroupNames: its key, and what it does.
func (c *Client) holding(ctx context.Context, caller *reqctx.Context, servers []string) (string, func() (any, error)) {
	slices.Sort(servers)
	scope := groupKey{project: caller.ProjectID, admin: caller.IsAdmin}
	key := fmt.Sprint(scope.project, scope.admin, strings.Join(servers, ""))
	return key, func() (any, error) {
		at := time.Now()
		names, err := c.readGroupNames(ctx, caller, servers)
		for s, list := range names {
			c.groups.cache.Set(groupKey{scope.project, scope.admin, s}, heldNames{list, at})
		}
		return names, err
	}
}

func (c *Client) readGroupNames(ctx context.Context, caller *reqctx.Context, servers []string) (map[string][]string, error) {
	ports, err := c.portsOf(ctx, caller, servers)
	if err != nil {
		return nil, err
	}
	groups, err := c.groupsOf(ctx, caller, ports, "id", "name")
	if err != nil {
		return nil, err
	}
	names := make(map[string][]string, len(servers))
	for _, s := range servers {
		names[s] = nil
	}
	for _, p := range ports {
		for _, id := range p.Groups {
			g, ok := groups[id]
			if !ok {
				continue // not the caller's to see
			}
			if g.Name == "" {
				g.Name = g.ID
			}
			names[p.DeviceID] = append(names[p.DeviceID], g.Name)
		}
	}
	return names, nil
}

// portsOf reads the ports of many servers, as far as their groups go.
func (c *Client) portsOf(ctx context.Context, caller *reqctx.Context, servers []string) ([]objects.Port, error) {
	chunks := slices.Collect(slices.Chunk(servers, searchIDs))
	found := make([][]objects.Port, len(chunks))
	var g errgroup.Group
	for i, chunk := range chunks {
		g.Go(func() (err error) {
			found[i], err = c.ports(ctx, caller, url.Values{"device_id": chunk, "fields": {"security_groups", "device_id"}})
			if status(err) == http.StatusNotFound {
				return nil // a server was deleted meanwhile
			}
			return err
		})
	}
	err := g.Wait()
	return slices.Concat(found...), err
}

// groupsOf reads the security groups of ports; fields limits what is read of them.
func (c *Client) groupsOf(ctx context.Context, caller *reqctx.Context, ports []objects.Port, fields ...string) (map[string]objects.SecurityGroup, error) {
	ids := map[string]bool{}
	for _, p := range ports {
		for _, id := range p.Groups {
			ids[id] = true
		}
	}
	return c.groupsByID(ctx, caller, slices.Sorted(maps.Keys(ids)), fields...)
}

func (c *Client) groupsByID(ctx context.Context, caller *reqctx.Context, ids []string, fields ...string) (map[string]objects.SecurityGroup, error) {
	groups := make(map[string]objects.SecurityGroup, len(ids))
	for chunk := range slices.Chunk(ids, searchIDs) {
		query := url.Values{"id": chunk}
		if len(fields) > 0 {
			query["fields"] = fields
		}
		var out struct {
			Groups []objects.SecurityGroup `json:"security_groups"`
		}
		if err := c.get(ctx, caller, "security-groups", query, &out); err != nil {
			return nil, err
		}
		for _, g := range out.Groups {
			groups[g.ID] = g
		}
	}
	return groups, nil
}

// SecurityGroups answers the security groups of a server's ports in full, and the
// groups by id that their rules refer to.
func (c *Client) SecurityGroups(ctx context.Context, caller *reqctx.Context, server string) ([]objects.SecurityGroup, map[string]objects.SecurityGroup, error) {
	ports, err := c.portsOf(ctx, caller, []string{server})
	if err != nil {
		return nil, nil, err
	}
	groups, err := c.groupsOf(ctx, caller, ports)
	if err != nil {
		return nil, nil, err
	}
	var list []objects.SecurityGroup
	for _, p := range ports {
		for _, id := range p.Groups {
			if g, ok := groups[id]; ok {
				list = append(list, g)
			}
		}
	}
	return list, groups, c.addSources(ctx, caller, list, groups)
}

// addSources adds the groups that the rules of list refer to; one that the caller
// cannot see stays away.
func (c *Client) addSources(ctx context.Context, caller *reqctx.Context, list []objects.SecurityGroup, groups map[string]objects.SecurityGroup) error {
	var unknown []string
	for _, g := range list {
		for _, r := range g.Rules {
			if id := r.RemoteGroupID; id != nil && *id != "" && groups[*id].ID == "" && !slices.Contains(unknown, *id) {
				unknown = append(unknown, *id)
			}
		}
	}
	more, err := c.groupsByID(ctx, caller, unknown, "id", "name", "tenant_id")
	maps.Copy(groups, more)
	return err
}
