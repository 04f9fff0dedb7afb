// Package groups serves server groups, whose servers are placed on the same host or on
// different hosts.
package groups

import (
	"context"
	"errors"
	"math/big"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/body"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/notify"
	"github.com/nova-go/nova/internal/policy"
	"github.com/nova-go/nova/internal/pytext"
	"github.com/nova-go/nova/internal/quota"
)

// Store is the part of the API database that the area uses; *dbapi.Groups implements it. Groups
// are searched in one project or, with all, in every project.
type Store interface {
	// List returns at most limit groups by row, without members.
	List(ctx context.Context, project string, all bool, offset, limit int) ([]*objects.ServerGroup, error)
	FillMembers(context.Context, []*objects.ServerGroup) error
	Get(ctx context.Context, uuid, project string, all bool) (*objects.ServerGroup, error)
	Create(context.Context, *objects.ServerGroup) error
	Delete(context.Context, *objects.ServerGroup) error
}

// Servers finds the members of groups; *group.Members implements it.
type Servers interface {
	// Alive returns those of the servers that are not deleted.
	Alive(ctx context.Context, uuids []string) ([]string, error)
}

// Quota checks the number of groups; *quota.Quotas implements it.
type Quota interface {
	Check(ctx context.Context, o quota.Owner, deltas quota.Deltas) error
}

// API holds the dependencies of the handlers.
type API struct {
	Groups  Store
	Servers Servers
	Quota   Quota
	Notify  *notify.Notifier
	// OldestCompute returns the lowest service version of nova-compute, or 0 if there is none.
	OldestCompute func(context.Context) (int64, error)
	Recheck       bool // [quota] recheck_quota: count again after the creation of a group
}

// get finds the group in the path.
func (a *API) get(r *api.Request) (*objects.ServerGroup, policy.Target, error) {
	g, err := a.Groups.Get(r.Context(), r.Var("id"), r.Caller.ProjectID, r.Caller.IsAdmin)
	if err != nil {
		return nil, policy.Target{}, err
	}
	return g, policy.Target{ProjectID: g.ProjectID}, nil
}

// ownProject returns the target for rules about the groups of the caller's project.
func ownProject(r *api.Request) policy.Target { return policy.Target{ProjectID: r.Caller.ProjectID} }

func (a *API) show(r *api.Request, g *objects.ServerGroup) (any, error) {
	var err error
	if g.Members, err = a.Servers.Alive(r.Context(), g.Members); err != nil {
		return nil, err
	}
	return groupDoc(r, g), nil
}

func (a *API) delete(r *api.Request, g *objects.ServerGroup) (any, error) {
	return nil, a.remove(r, g)
}

// remove deletes a group and sends the notification.
func (a *API) remove(r *api.Request, g *objects.ServerGroup) error {
	err := a.Groups.Delete(r.Context(), g)
	if err == nil {
		a.Notify.GroupDeleted(r.Context(), r.Caller, g)
	}
	return err
}

func (a *API) index(r *api.Request) (any, error) {
	all := r.Caller.IsAdmin && r.Caller.ProjectID == ""
	if _, asked := r.Query()["all_projects"]; asked && r.Caller.IsAdmin {
		if err := r.Can(policy.ServerGroupsIndexAllProjects, ownProject(r)); err != nil {
			return nil, err
		}
		all = true
	}
	offset, limit, err := r.Window()
	if err != nil {
		return nil, err
	}
	list, err := a.Groups.List(r.Context(), r.Caller.ProjectID, all, offset, limit)
	if err != nil {
		return nil, err
	}
	if err := a.fillAlive(r.Context(), list); err != nil {
		return nil, err
	}
	return api.Doc(func(o *api.Object) {
		o.List("server_groups", len(list), func(n int, arr *api.Array) {
			arr.Obj(func(o *api.Object) { writeGroup(r, o, list[n]) })
		})
	}), nil
}

// fillAlive sets the members of groups to those that are not deleted.
func (a *API) fillAlive(ctx context.Context, list []*objects.ServerGroup) error {
	if err := a.Groups.FillMembers(ctx, list); err != nil {
		return err
	}
	var uuids []string
	for _, g := range list {
		uuids = append(uuids, g.Members...)
	}
	found, err := a.Servers.Alive(ctx, uuids)
	if err != nil {
		return err
	}
	alive := make(map[string]bool, len(found))
	for _, uuid := range found {
		alive[uuid] = true
	}
	for _, g := range list {
		var members []string
		for _, uuid := range g.Members {
			if alive[uuid] {
				members = append(members, uuid)
			}
		}
		g.Members = members
	}
	return nil
}

// maxServerPerHost is the only rule of the policy anti-affinity: the maximum number of servers of the
// group on a host.
const maxServerPerHost = "max_server_per_host"

// rulesSince is the service version of nova-compute that supports maxServerPerHost.
const rulesSince = 33

// newGroup is the request body that creates a group.
type newGroup struct {
	Name     *string    `json:"name"`
	Policies []string   `json:"policies"` // one, until 2.64
	Policy   string     `json:"policy"`   // since 2.64
	Rules    groupRules `json:"rules"`
}

type groupRules struct {
	PerHost body.Value `json:"max_server_per_host"`
}

func (a *API) create(r *api.Request) (any, error) {
	owner := quota.Owner{Project: r.Caller.ProjectID, User: r.Caller.UserID}
	if err := a.checkQuota(r.Context(), owner, 1); err != nil {
		return nil, err
	}
	asked, err := api.Body[newGroup](r, "server_group")
	if err != nil {
		return nil, err
	}
	g := &objects.ServerGroup{ProjectID: owner.Project, UserID: owner.User, Name: asked.Name}
	if r.Since(mv.V64ServerGroupPolicy) {
		if err := a.checkRules(r.Context(), &asked); err != nil {
			return nil, err
		}
		if most := asked.Rules.PerHost; most.Given {
			g.Rules = map[string]string{maxServerPerHost: most.Text()}
		}
		g.Policy = &asked.Policy
	} else {
		g.Policy = &asked.Policies[0]
	}
	if err := a.Groups.Create(r.Context(), g); err != nil {
		return nil, err
	}
	a.Notify.GroupCreated(r.Context(), r.Caller, g, r.Since(mv.V64ServerGroupPolicy))
	// Concurrent requests may have created groups after the first check.
	if a.Recheck {
		if err := a.checkQuota(r.Context(), owner, 0); err != nil {
			return nil, errors.Join(err, a.remove(r, g))
		}
	}
	// Nova creates the group, and then fails to show it.
	if text, given := g.Rules[maxServerPerHost]; given && !isPythonInteger(text) {
		return nil, api.Raised("ValueError", "%s is not an integer", text)
	}
	return groupDoc(r, g), nil
}

func isPythonInteger(text string) bool {
	_, err := pytext.Int(text)
	return err == nil
}

func (a *API) checkRules(ctx context.Context, asked *newGroup) error {
	most := asked.Rules.PerHost
	switch {
	case !most.Given:
		return nil
	case asked.Policy != "anti-affinity":
		return api.BadRequest("Only anti-affinity policy supports rules.")
	}
	n, exception := most.Big()
	if exception != "" {
		return api.Raised(exception, "%s is not an integer", most.Text())
	}
	if n.Cmp(big.NewInt(1)) <= 0 {
		return nil
	}
	oldest, err := a.OldestCompute(ctx)
	if err == nil && oldest < rulesSince {
		return api.Conflict("Creating an anti-affinity group with rule max_server_per_host > 1 is not yet supported.")
	}
	return err
}

func (a *API) checkQuota(ctx context.Context, o quota.Owner, delta int64) error {
	err := a.Quota.Check(ctx, o, quota.Deltas{quota.ServerGroups: delta})
	var over *quota.OverError
	if errors.As(err, &over) {
		return over.Fault(objects.ErrOverQuota, "Quota exceeded, too many server groups.")
	}
	return err
}

func groupDoc(r *api.Request, g *objects.ServerGroup) api.Encoder {
	return api.Doc(func(o *api.Object) {
		o.Obj("server_group", func(o *api.Object) { writeGroup(r, o, g) })
	})
}

func writeGroup(r *api.Request, o *api.Object, g *objects.ServerGroup) {
	o.Str("id", g.UUID)
	o.Opt("name", g.Name)
	if r.Since(mv.V64ServerGroupPolicy) {
		o.Opt("policy", g.Policy)
		o.Obj("rules", func(o *api.Object) {
			if n, err := pytext.Int(g.Rules[maxServerPerHost]); err == nil {
				o.Raw(maxServerPerHost, []byte(n.String()))
			}
		})
	} else {
		var policies []string
		if g.Policy != nil {
			policies = []string{*g.Policy}
		}
		o.Strs("policies", policies)
		o.Obj("metadata", func(*api.Object) {}) // always empty, and removed in 2.64
	}
	o.Strs("members", g.Members)
	if r.Since(mv.V13ServerGroupOwner) {
		o.Str("project_id", g.ProjectID)
		o.Str("user_id", g.UserID)
	}
}
