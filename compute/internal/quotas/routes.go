package quotas

import (
	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/policy"
)

// Routes lists the operations on quotas, limits and usage, in the order of Nova's router.
func (a *API) Routes() []api.Route {
	return []api.Route{
		{Do: a.limits, Op: "limits.index", Method: "GET", Path: "/limits", OK: 200,
			Query: api.At(mv.V1Base, mv.V57NoPersonality, mv.V75Strict),
			Authz: api.EarlyUnowned(policy.Limits).Asks(policy.LimitsOtherProject), Errors: []int{}},
		{Do: a.auditIndex, Op: "instance_usage_audit_log.index", Method: "GET", Path: "/os-instance_usage_audit_log", OK: 200,
			Query: api.At(mv.V1Base, mv.V102NoRxtxFactor),
			Authz: api.EarlyUnowned(policy.InstanceUsageAuditLogList), Errors: []int{}},
		{Do: a.auditShow, Op: "instance_usage_audit_log.show", Method: "GET", Path: "/os-instance_usage_audit_log/{id}", OK: 200,
			Query: api.At(mv.V1Base, mv.V102NoRxtxFactor),
			Authz: api.EarlyUnowned(policy.InstanceUsageAuditLogShow), Errors: []int{400}},
		{Do: a.classShow, Op: "quota_classes.show", Method: "GET", Path: "/os-quota-class-sets/{id}", OK: 200,
			Query: api.At(mv.V1Base, mv.V102NoRxtxFactor),
			Authz: api.EarlyUnowned(policy.QuotaClassSetsShow), Errors: []int{}},
		{Do: a.classUpdate, Op: "quota_classes.update", Method: "PUT", Path: "/os-quota-class-sets/{id}", OK: 200,
			Body:  api.At(mv.V1Base, mv.V50QuotaClasses, mv.V57NoPersonality),
			Authz: api.EarlyUnowned(policy.QuotaClassSetsUpdate), Errors: []int{400}},
		{On: api.Owned(projectTarget, a.delete), Op: "quota_sets.delete", Method: "DELETE", Path: "/os-quota-sets/{id}", OK: 202,
			Query: api.At(mv.Legacy, mv.V75Strict),
			Authz: api.Late(policy.QuotaSetsDelete), Errors: []int{}},
		{On: a.readProject(a.show), Op: "quota_sets.show", Method: "GET", Path: "/os-quota-sets/{id}", OK: 200,
			Query: api.At(mv.Legacy, mv.V75Strict),
			Authz: api.Late(policy.QuotaSetsShow), Errors: []int{400}},
		{On: a.changeProject(a.update), Op: "quota_sets.update", Method: "PUT", Path: "/os-quota-sets/{id}", OK: 200,
			Query: api.At(mv.Legacy, mv.V75Strict), Body: api.At(mv.Legacy, mv.V36NoProxies, mv.V57NoPersonality),
			Authz: api.Late(policy.QuotaSetsUpdate), Errors: []int{400}},
		{On: a.readProject(a.detail), Op: "quota_sets.detail", Method: "GET", Path: "/os-quota-sets/{id}/detail", OK: 200,
			Query: api.At(mv.Legacy, mv.V75Strict),
			Authz: api.Late(policy.QuotaSetsDetail), Errors: []int{400}},
		{On: a.readProject(a.defaults), Op: "quota_sets.defaults", Method: "GET", Path: "/os-quota-sets/{id}/defaults", OK: 200,
			Query: api.At(mv.Legacy),
			Authz: api.Late(policy.QuotaSetsDefaults), Errors: []int{400}},
		{Do: a.usageIndex, Op: "simple_tenant_usage.index", Method: "GET", Path: "/os-simple-tenant-usage", OK: 200,
			Query: api.At(mv.V1Base, mv.V40UsagePaging, mv.V75Strict),
			Authz: api.Early(policy.SimpleTenantUsageList), Errors: []int{400}},
		{On: api.Owned(projectTarget, a.usageShow), Op: "simple_tenant_usage.show", Method: "GET", Path: "/os-simple-tenant-usage/{id}", OK: 200,
			Query: api.At(mv.V1Base, mv.V40UsagePaging, mv.V75Strict),
			Authz: api.Late(policy.SimpleTenantUsageShow), Errors: []int{400}},
	}
}
