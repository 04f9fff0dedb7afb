package policy

import (
	"strings"

	"github.com/nova-go/nova/internal/release"
)

// laterRules are the rules that came with the roles manager and service. A release before them
// does not ask them: it allows what they protect to everybody who may use the operation.
var laterRules = map[Rule]bool{
	ProjectManagerApi: true, ProjectManagerOrAdmin: true, ServiceApi: true, ServiceOrAdmin: true,
	MigrateServerMigrateLiveHost: true, MigrationsIndexAllProjects: true, MigrationsIndexHost: true, ServersMigrationsIndexHost: true,
}

// shareRules is the beginning of the names of the rules for shares.
const shareRules = "os_compute_api:os-server-shares:"

// in returns a rule as a release has it; ok is false if the release does not have the rule.
func (d Default) in(r release.Release) (_ Default, ok bool) {
	shares := strings.HasPrefix(string(d.Name), shareRules)
	if shares && !r.Has(release.SharePolicies) {
		return d, false
	}
	if shares && !r.Has(release.SharesOfAdmins) {
		d.Check = strings.TrimSuffix(d.Check, "_or_admin") + "_api"
	}
	if r.Has(release.ManagerAndServiceRoles) {
		return d, true
	}
	if d.Check == managerOrAdmin || d.Check == serviceOrAdmin {
		d.Check = admin
	}
	return d, !laterRules[d.Name]
}
