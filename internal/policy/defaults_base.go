package policy

// These checks are used by many rules.
const (
	admin           = "rule:context_is_admin"
	memberOrAdmin   = "rule:project_member_or_admin"
	readerOrAdmin   = "rule:project_reader_or_admin"
	managerOrAdmin  = "rule:project_manager_or_admin"
	serviceOrAdmin  = "rule:service_or_admin"
	checkAnyone     = "@"
	checkNobody     = "!"
	isAdmin         = "is_admin:True"
	oldAdmin        = "rule:admin_api"
	oldAdminOrOwner = "rule:admin_or_owner"
	isAdminOrOwner  = "is_admin:True or project_id:%(project_id)s"
)

// ruleRow is a line of the tables below: a rule and its deprecated form.
type ruleRow struct {
	name    Rule
	check   string
	old     *Deprecated
	removal string // the release that announced the removal of the rule
}

func deprecatedAs(name Rule, check, since string) *Deprecated {
	return &Deprecated{Name: name, Check: check, Since: since}
}

// baseRules are the rules that other rules refer to; they accept tokens of any scope.
func baseRules() []ruleRow {
	return []ruleRow{
		{name: ContextIsAdmin, check: "role:admin", old: deprecatedAs("rule:admin_api", isAdmin, "21.0.0")},
		{name: AdminOrOwner, check: isAdminOrOwner, removal: "21.0.0"},
		{name: AdminApi, check: isAdmin, removal: "21.0.0"},
		{name: ProjectManagerApi, check: "role:manager and project_id:%(project_id)s", old: deprecatedAs("rule:admin_api", isAdmin, "21.0.0")},
		{name: ProjectMemberApi, check: "role:member and project_id:%(project_id)s",
			old: deprecatedAs("rule:admin_or_owner", isAdminOrOwner, "21.0.0")},
		{name: ProjectReaderApi, check: "role:reader and project_id:%(project_id)s",
			old: deprecatedAs("rule:admin_or_owner", isAdminOrOwner, "21.0.0")},
		{name: ServiceApi, check: "role:service", old: deprecatedAs("rule:admin_api", isAdmin, "21.0.0")},
		{name: ProjectManagerOrAdmin, check: "rule:project_manager_api or rule:context_is_admin",
			old: deprecatedAs("rule:admin_api", isAdmin, "21.0.0")},
		{name: ProjectMemberOrAdmin, check: "rule:project_member_api or rule:context_is_admin",
			old: deprecatedAs("rule:admin_or_owner", isAdminOrOwner, "21.0.0")},
		{name: ProjectReaderOrAdmin, check: "rule:project_reader_api or rule:context_is_admin",
			old: deprecatedAs("rule:admin_or_owner", isAdminOrOwner, "21.0.0")},
		{name: ServiceOrAdmin, check: "rule:service_api or rule:context_is_admin", old: deprecatedAs("rule:admin_api", isAdmin, "21.0.0")},
	}
}
