package quotas

import (
	"math"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/body"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/policy"
	"github.com/nova-go/nova/internal/pytext"
	"github.com/nova-go/nova/internal/quota"
	"github.com/nova-go/nova/internal/release"
)

// changeProject is an operation that changes the quotas of the project in the path, which must
// exist.
func (a *API) changeProject(do func(*api.Request) (any, error)) *api.Resource {
	return api.Owned(projectTarget, func(r *api.Request) (any, error) {
		if err := a.Projects.VerifyProject(r.Context(), r.Caller, r.Var("id")); err != nil {
			return nil, err
		}
		return do(r)
	})
}

// readProject is an operation that reads the quotas of the project in the path, which must exist.
// It reads while Keystone looks for the project.
func (a *API) readProject(do func(*api.Request) (any, error)) *api.Resource {
	return api.Owned(projectTarget, func(r *api.Request) (any, error) {
		checked := make(chan error, 1)
		ctx, caller, id := r.Context(), r.Caller, r.Var("id")
		go func() { checked <- a.Projects.CheckProject(ctx, caller, id) }()
		answer, err := do(r)
		if refused := <-checked; refused != nil {
			return nil, refused
		}
		return answer, err
	})
}

// projectTarget returns the project in the path as the target of a rule.
func projectTarget(r *api.Request) policy.Target { return policy.Target{ProjectID: r.Var("id")} }

// userOf returns the first non-empty user_id of the query, or "".
func userOf(r *api.Request) string {
	for _, user := range r.Query()["user_id"] {
		if user != "" {
			return user
		}
	}
	return ""
}

// inSet returns the predicate for resources that a quota set shows in the request's
// microversion.
func inSet(r *api.Request) func(quota.Resource) bool {
	return func(resource quota.Resource) bool {
		switch resource {
		case quota.FixedIPs, quota.FloatingIPs, quota.SecurityGroupRules, quota.SecurityGroups:
			return !r.Since(mv.V36NoProxies)
		case quota.InjectedFiles, quota.InjectedFileContentBytes, quota.InjectedFilePathBytes:
			return !r.Since(mv.V57NoPersonality)
		}
		return true
	}
}

// quotaSetDoc writes {"quota_set": {…}}; an empty id is left out.
func quotaSetDoc(r *api.Request, id string, limits *quota.Values) api.Encoder {
	return api.Doc(func(o *api.Object) {
		o.Obj("quota_set", func(o *api.Object) {
			if id != "" {
				o.Str("id", id)
			}
			writeResources(o, inSet(r), func(r quota.Resource, o *api.Object) { o.Int(r.String(), limits[r]) })
		})
	})
}

// quotaSet returns limits and usage of a project, or of a user in it.
func (a *API) quotaSet(r *api.Request, o quota.Owner) (quota.Set, error) {
	if o.User == "" {
		return a.Quotas.Project(r.Context(), o.Project)
	}
	return a.Quotas.User(r.Context(), o)
}

func (a *API) show(r *api.Request) (any, error) {
	id := r.Var("id")
	s, err := a.quotaSet(r, quota.Owner{Project: id, User: userOf(r)})
	if err != nil {
		return nil, err
	}
	return quotaSetDoc(r, id, &s.Limits), nil
}

func (a *API) detail(r *api.Request) (any, error) {
	id := r.Var("id")
	user, _ := r.Query().Get("user_id") // Nova uses the last of several values here, and the first elsewhere
	s, err := a.quotaSet(r, quota.Owner{Project: id, User: user})
	if err != nil {
		return nil, err
	}
	reserved := a.Quotas.Reserved()
	return api.Doc(func(o *api.Object) {
		o.Obj("quota_set", func(o *api.Object) {
			o.Str("id", id)
			writeResources(o, inSet(r), func(r quota.Resource, o *api.Object) {
				o.Obj(r.String(), func(o *api.Object) {
					o.Int("limit", s.Limits[r])
					o.Int("in_use", s.Used[r])
					o.Int("reserved", reserved)
				})
			})
		})
	}), nil
}

func (a *API) defaults(r *api.Request) (any, error) {
	v, err := a.Quotas.Defaults(r.Context())
	if err != nil {
		return nil, err
	}
	return quotaSetDoc(r, r.Var("id"), &v), nil
}

func (a *API) update(r *api.Request) (any, error) {
	owner := quota.Owner{Project: r.Var("id"), User: userOf(r)}
	bounds, err := a.Quotas.Settable(r.Context(), owner)
	if err != nil {
		return nil, err
	}
	asked, err := api.Body[map[string]body.Value](r, "quota_set")
	if err != nil {
		return nil, err
	}
	if _, given := asked[removedQuota]; given && !r.Release().Has(release.NetworksQuotaUnknown) {
		return nil, api.BadRequest("The networks quota has been removed")
	}
	force := pytext.Truthy(asked["force"].Text())
	var limits []limitOf
	for _, key := range r.BodyKeys("quota_set") {
		resource, known := quota.ResourceNamed(key)
		if !known { // this is "force", or a member that only /v2 accepts and with which Nova fails
			continue
		}
		n, err := asked[key].Int()
		if err != nil {
			return nil, err
		}
		if !force {
			if err := checkBounds(resource, n, &bounds); err != nil {
				return nil, err
			}
		}
		limits = append(limits, limitOf{resource, n})
	}
	for _, l := range limits {
		if err := a.Quotas.SetLimit(r.Context(), owner, l.resource, l.limit); err != nil {
			return nil, err
		}
	}
	s, err := a.quotaSet(r, owner)
	if err != nil {
		return nil, err
	}
	return quotaSetDoc(r, "", &s.Limits), nil
}

// removedQuota is a quota of nova-network, which schemas allow before 2026.1.
const removedQuota = "networks"

// limitOf is a limit in a request body.
type limitOf struct {
	resource quota.Resource
	limit    int64
}

func checkBounds(r quota.Resource, limit int64, b *quota.Bounds) error {
	switch least, most := b.Minimum[r], b.Maximum[r]; {
	case comparableLimit(limit) < comparableLimit(least):
		return api.BadRequest("Quota limit %d for %s must be greater than or equal to already used and reserved %d.", limit, r, least)
	case comparableLimit(limit) > comparableLimit(most):
		return api.BadRequest("Quota limit %d for %s must be less than or equal to %d.", limit, r, most)
	}
	return nil
}

// comparableLimit converts a limit for comparisons: unlimited (-1) is greater than all others.
func comparableLimit(limit int64) int64 {
	if limit == quota.Unlimited {
		return math.MaxInt64
	}
	return limit
}

func (a *API) delete(r *api.Request) (any, error) {
	id := r.Var("id")
	return nil, a.Quotas.DeleteLimits(r.Context(), quota.Owner{Project: id, User: userOf(r)})
}
