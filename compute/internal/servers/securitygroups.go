package servers

import (
	"cmp"
	"slices"
	"strings"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/securitygroup"
	"github.com/nova-go/nova/internal/objects"
)

// groupsIndex lists the security groups of a server's ports with their ingress rules. Nova's
// API has no egress rules.
func (a *API) groupsIndex(r *api.Request, i *objects.Instance) (any, error) {
	groups, sources, err := a.Network.SecurityGroups(r.Context(), r.Caller, i.UUID)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(groups, func(a, b objects.SecurityGroup) int {
		return cmp.Or(strings.Compare(a.TenantID, b.TenantID), strings.Compare(a.Name, b.Name))
	})
	return api.Doc(func(o *api.Object) {
		o.List("security_groups", len(groups), func(n int, arr *api.Array) {
			arr.Obj(func(o *api.Object) { securitygroup.Write(o, &groups[n], sources) })
		})
	}), nil
}
