package quotas

import (
	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/policy"
	"github.com/nova-go/nova/internal/quota"
)

// limit is a member of the absolute limits; microversions from until on do not have it.
type limit struct {
	name     string
	resource quota.Resource
	until    mv.Version
}

var limitMembers = []limit{
	{"maxTotalCores", quota.Cores, mv.End},
	{"maxTotalInstances", quota.Instances, mv.End},
	{"maxTotalRAMSize", quota.RAM, mv.End},
	{"maxTotalKeypairs", quota.KeyPairs, mv.End},
	{"maxServerMeta", quota.MetadataItems, mv.End},
	{"maxImageMeta", quota.MetadataItems, mv.V39NoImageMetadata},
	{"maxServerGroups", quota.ServerGroups, mv.End},
	{"maxServerGroupMembers", quota.ServerGroupMembers, mv.End},
	{"maxTotalFloatingIps", quota.FloatingIPs, mv.V36NoProxies},
	{"maxSecurityGroups", quota.SecurityGroups, mv.V36NoProxies},
	{"maxSecurityGroupRules", quota.SecurityGroupRules, mv.V36NoProxies},
	{"maxPersonality", quota.InjectedFiles, mv.V57NoPersonality},
	{"maxPersonalitySize", quota.InjectedFileContentBytes, mv.V57NoPersonality},
}

var usageMembers = []limit{
	{"totalCoresUsed", quota.Cores, mv.End},
	{"totalInstancesUsed", quota.Instances, mv.End},
	{"totalRAMUsed", quota.RAM, mv.End},
	{"totalServerGroupsUsed", quota.ServerGroups, mv.End},
	{"totalFloatingIpsUsed", quota.FloatingIPs, mv.V36NoProxies},
	{"totalSecurityGroupsUsed", quota.SecurityGroups, mv.V36NoProxies},
}

// limits returns the absolute limits of the caller's project, or of the project in tenant_id.
// The parameter "reserved" has no effect.
func (a *API) limits(r *api.Request) (any, error) {
	project := r.Caller.ProjectID
	if other, given := r.Query().Get("tenant_id"); given {
		project = other
		if err := r.Can(policy.LimitsOtherProject, policy.Own(r.Caller)); err != nil {
			return nil, err
		}
	}
	set, err := a.Quotas.Project(r.Context(), project)
	if err != nil {
		return nil, err
	}
	return api.Doc(func(o *api.Object) {
		o.Obj("limits", func(o *api.Object) {
			o.List("rate", 0, nil)
			o.Obj("absolute", func(o *api.Object) {
				writeAbsolute(r, o, limitMembers, &set.Limits)
				writeAbsolute(r, o, usageMembers, &set.Used)
			})
		})
	}), nil
}

func writeAbsolute(r *api.Request, o *api.Object, names []limit, values *quota.Values) {
	for _, l := range names {
		if !r.Since(l.until) {
			o.Int(l.name, values[l.resource])
		}
	}
}
