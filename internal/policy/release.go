package policy

import (
	"strings"

	"github.com/nova-go/nova/internal/release"
)

// laterRules are the rules that came with the roles manager and service, each with the rule that a
// release before them checks in its place; "" for rules that only other rules refer to.
var laterRules = map[Rule]Rule{
	ProjectManagerApi: "", ProjectManagerOrAdmin: "", ServiceApi: "", ServiceOrAdmin: "",
	MigrateServerMigrateLiveHost: MigrateServerMigrateLive,
	MigrationsIndexAllProjects:   MigrationsIndex,
	MigrationsIndexHost:          MigrationsIndex,
	ServersMigrationsIndexHost:   ServersMigrationsIndex,
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
	_, later := laterRules[d.Name]
	return d, !later
}
