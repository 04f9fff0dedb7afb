package quotas

import (
	"unicode/utf8"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/body"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/quota"
)

// inClass returns the predicate for resources that a quota class shows in the request's
// microversion.
func inClass(r *api.Request) func(quota.Resource) bool {
	return func(resource quota.Resource) bool {
		switch resource {
		case quota.FixedIPs, quota.FloatingIPs, quota.SecurityGroupRules, quota.SecurityGroups:
			return !r.Since(mv.V50QuotaClasses)
		case quota.ServerGroups, quota.ServerGroupMembers:
			return r.Since(mv.V50QuotaClasses)
		case quota.InjectedFiles, quota.InjectedFileContentBytes, quota.InjectedFilePathBytes:
			return !r.Since(mv.V57NoPersonality)
		}
		return true
	}
}

func (a *API) class(r *api.Request, name, id string) (any, error) {
	limits, err := a.Quotas.Class(r.Context(), name)
	if err != nil {
		return nil, err
	}
	return api.Doc(func(o *api.Object) {
		o.Obj("quota_class_set", func(o *api.Object) {
			if id != "" {
				o.Str("id", id)
			}
			writeResources(o, inClass(r), func(r quota.Resource, o *api.Object) { o.Int(r.String(), limits[r]) })
		})
	}), nil
}

func (a *API) classShow(r *api.Request) (any, error) { return a.class(r, r.Var("id"), r.Var("id")) }

func (a *API) classUpdate(r *api.Request) (any, error) {
	name := r.Var("id")
	if n := utf8.RuneCountInString(name); n > 255 {
		return nil, api.BadRequest("quota_class_name has %d characters, more than 255.", n)
	}
	asked, err := api.Body[map[string]body.Value](r, "quota_class_set")
	if err != nil {
		return nil, err
	}
	for _, key := range r.BodyKeys("quota_class_set") {
		resource, known := quota.ResourceNamed(key)
		if !known {
			continue
		}
		n, err := asked[key].Int()
		if err != nil {
			return nil, err
		}
		if err := a.Quotas.SetClass(r.Context(), name, resource, n); err != nil {
			return nil, err
		}
	}
	return a.class(r, name, "")
}
