package neutron

import (
	"context"
	"fmt"
	"hash/maphash"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/singleflight"

	"github.com/nova-go/nova/internal/metrics"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
)

// searchIDs is the maximum number of ids in one query, which are part of its URL.
const searchIDs = 150

// The security group names of an unchanged server are cached for namesFresh, and for namesStale
// while they are refreshed. Nova requests them for each view of each server, but Neutron can
// answer only some dozens of such requests per second.
const (
	namesFresh = time.Second
	namesStale = 3 * time.Second
)

// groupNames caches the security group names of servers for concurrent views.
type groupNames struct {
	cache   *otter.Cache[groupKey, heldNames]
	flight  singleflight.Group
	changes atomic.Uint64 // number of changes that this client has made in Neutron
	seed    maphash.Seed
	asked   *metrics.Cache
}

// groupKey identifies a server in the view of a project, with its state and the number of
// changes. A caller who has waited for another state, or has changed a group through this
// process, thus gets current names.
type groupKey struct {
	project string
	admin   bool
	server  string
	state   uint64
	changes uint64
}

// state returns a hash of the fields that change together with a server's ports.
func (g *groupNames) state(i *objects.Instance) uint64 {
	var h maphash.Hash
	h.SetSeed(g.seed)
	for _, word := range []*string{i.VMState, i.TaskState} {
		if word != nil {
			maphash.WriteComparable(&h, *word)
		}
	}
	if i.UpdatedAt != nil {
		maphash.WriteComparable(&h, i.UpdatedAt.Unix())
	}
	for n := range i.Network {
		maphash.WriteComparable(&h, i.Network[n].ID)
	}
	return h.Sum64()
}

type heldNames struct {
	names []string
	read  time.Time
}

func newGroupNames(asked *metrics.Cache) *groupNames {
	return &groupNames{asked: asked, seed: maphash.MakeSeed(), cache: otter.Must(&otter.Options[groupKey, heldNames]{
		MaximumSize: 20000, ExpiryCalculator: otter.ExpiryWriting[groupKey, heldNames](namesStale)})}
}

// GroupNames returns the names of the security groups of each server's ports, in the order of
// the ports.
func (c *Client) GroupNames(ctx context.Context, caller *reqctx.Caller, servers []*objects.Instance) (map[string][]string, error) {
	changes := c.groups.changes.Load()
	names := make(map[string][]string, len(servers))
	var missing, stale []groupKey
	for _, i := range servers {
		key := groupKey{caller.ProjectID, caller.IsAdmin, i.UUID, c.groups.state(i), changes}
		held, ok := c.groups.cache.GetIfPresent(key)
		c.groups.asked.Asked(ok)
		switch {
		case !ok:
			missing = append(missing, key)
			continue
		case time.Since(held.read) > namesFresh:
			stale = append(stale, key)
		}
		names[i.UUID] = held.names
	}
	if len(stale) > 0 {
		flight, read := c.cachedRead(context.WithoutCancel(ctx), caller, stale)
		c.groups.flight.DoChan(flight, read) // refreshes in the background; concurrent readers start only one refresh
	}
	if len(missing) == 0 {
		return names, nil
	}
	flight, read := c.cachedRead(context.WithoutCancel(ctx), caller, missing)
	found, err, _ := c.groups.flight.Do(flight, read)
	if err != nil {
		return nil, err
	}
	maps.Copy(names, found.(map[string][]string))
	return names, nil
}

// cachedRead returns the key and the function of a singleflight call that reads names into the
// cache.
func (c *Client) cachedRead(ctx context.Context, caller *reqctx.Caller, keys []groupKey) (string, func() (any, error)) {
	slices.SortFunc(keys, func(a, b groupKey) int { return strings.Compare(a.server, b.server) })
	flight := make([]byte, 0, 64*len(keys))
	servers := make([]string, len(keys))
	for n, k := range keys {
		flight = fmt.Appendf(flight, "%s %t %s %x %x ", k.project, k.admin, k.server, k.state, k.changes)
		servers[n] = k.server
	}
	return string(flight), func() (any, error) {
		at := time.Now()
		names, err := c.readGroupNames(ctx, caller, servers)
		if err != nil {
			return nil, err
		}
		for _, k := range keys {
			c.groups.cache.Set(k, heldNames{names[k.server], at})
		}
		return names, nil
	}
}

func (c *Client) readGroupNames(ctx context.Context, caller *reqctx.Caller, servers []string) (map[string][]string, error) {
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
				continue // not visible to the caller
			}
			if g.Name == "" {
				g.Name = g.ID
			}
			names[p.DeviceID] = append(names[p.DeviceID], g.Name)
		}
	}
	return names, nil
}

// portsOf reads the ports of several servers, with the fields for security groups.
func (c *Client) portsOf(ctx context.Context, caller *reqctx.Caller, servers []string) ([]objects.Port, error) {
	chunks := slices.Collect(slices.Chunk(servers, searchIDs))
	found := make([][]objects.Port, len(chunks))
	var g errgroup.Group
	for i, chunk := range chunks {
		g.Go(func() (err error) {
			found[i], err = c.ports(ctx, caller, url.Values{"device_id": chunk, "fields": {"security_groups", "device_id"}})
			if statusOf(err) == http.StatusNotFound {
				return nil // the server has been deleted in the meantime
			}
			return err
		})
	}
	err := g.Wait()
	return slices.Concat(found...), err
}

// groupsOf reads the security groups of ports; fields selects the members that are read.
func (c *Client) groupsOf(ctx context.Context, caller *reqctx.Caller, ports []objects.Port,
	fields ...string) (map[string]objects.SecurityGroup, error) {
	ids := map[string]bool{}
	for _, p := range ports {
		for _, id := range p.Groups {
			ids[id] = true
		}
	}
	return c.groupsByID(ctx, caller, slices.Sorted(maps.Keys(ids)), fields...)
}

func (c *Client) groupsByID(ctx context.Context, caller *reqctx.Caller, ids []string, fields ...string) (map[string]objects.SecurityGroup,
	error) {
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

// SecurityGroups returns the security groups of a server's ports, and the source groups of
// their rules by id.
func (c *Client) SecurityGroups(ctx context.Context, caller *reqctx.Caller, server string) ([]objects.SecurityGroup,
	map[string]objects.SecurityGroup, error) {
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

// addSources adds the source groups of the rules in list; groups that the caller cannot see are
// left out.
func (c *Client) addSources(ctx context.Context, caller *reqctx.Caller, list []objects.SecurityGroup,
	groups map[string]objects.SecurityGroup) error {
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
