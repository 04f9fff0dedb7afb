package identity

import (
	"net/http"
	"strings"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

// access says which callers may call an operation.
type access int

const (
	anyone        access = iota // with or without a token
	authenticated               // with a token
	admins                      // with the role admin in the token
	owner                       // the user in the path
	ownerOrAdmin
)

// route is an operation. A route without a method matches all methods that no other route
// matches.
type route struct {
	method, path string
	may          access
	do           resource.Handler
}

// The kinds of resources, which are the names of the collections in paths and bodies.
const (
	users    = "users"
	groups   = "groups"
	projects = "projects"
	roles    = "roles"
	domains  = "domains"
	regions  = "regions"
)

func (s *Service) routes() []route {
	list := []route{
		{"GET", "/{$}", anyone, s.versions},
		{"GET", "/v3", anyone, s.showVersion},

		{"POST", "/v3/auth/tokens", anyone, s.authenticate},
		{"GET", "/v3/auth/tokens", authenticated, s.showToken},
		{"DELETE", "/v3/auth/tokens", authenticated, s.revokeToken},
		{"GET", "/v3/auth/catalog", authenticated, s.showCatalog},
		{"GET", "/v3/auth/system", authenticated, s.ownSystem},
		{"GET", "/v3/auth/domains", authenticated, s.ownDomains},
		{"GET", "/v3/auth/projects", authenticated, s.ownProjects},

		{"POST", "/v3/users/{user}/password", anyone, s.changePassword}, // the body has the current password
		{"GET", "/v3/users/{user}/groups", authenticated, s.groupsOfUser},
		{"GET", "/v3/users/{user}/projects", authenticated, s.projectsOfUser},
		{"GET", "/v3/users/{user}/application_credentials", ownerOrAdmin, s.listCredentials},
		{"POST", "/v3/users/{user}/application_credentials", owner, s.createCredential},
		{"GET", "/v3/users/{user}/application_credentials/{id}", ownerOrAdmin, s.showCredential},
		{"DELETE", "/v3/users/{user}/application_credentials/{id}", ownerOrAdmin, s.deleteCredential},

		{"GET", "/v3/groups/{group}/users", authenticated, s.usersOfGroup},
		{"GET", "/v3/groups/{group}/users/{user}", authenticated, s.checkMember},
		{"PUT", "/v3/groups/{group}/users/{user}", admins, s.addMember},
		{"DELETE", "/v3/groups/{group}/users/{user}", admins, s.removeMember},

		{"GET", "/v3/projects/{id}/tags", authenticated, s.listTags},
		{"PUT", "/v3/projects/{id}/tags", admins, s.replaceTags},
		{"DELETE", "/v3/projects/{id}/tags", admins, s.deleteTags},
		{"GET", "/v3/projects/{id}/tags/{tag}", authenticated, s.checkTag},
		{"PUT", "/v3/projects/{id}/tags/{tag}", admins, s.addTag},
		{"DELETE", "/v3/projects/{id}/tags/{tag}", admins, s.deleteTag},

		{"GET", "/v3/role_assignments", authenticated, s.listAssignments},

		{"", "/", authenticated, unknown},
	}
	list = append(list, s.documentRoutes()...)
	for _, kind := range []string{users, groups, projects, roles, domains, regions} {
		all, one := "/v3/"+kind, "/v3/"+kind+"/{id}"
		list = append(list,
			route{"GET", all, authenticated, s.list(kind)},
			route{"POST", all, admins, s.create(kind)},
			route{"GET", one, authenticated, s.show(kind)},
			route{"PATCH", one, admins, s.update(kind)},
			route{"DELETE", one, admins, s.delete(kind)})
	}
	const inherit = "/v3/OS-INHERIT"
	for _, where := range []string{"/v3/projects/{where}", "/v3/domains/{where}", "/v3/system", inherit + "/projects/{where}",
		inherit + "/domains/{where}"} {
		for _, who := range []string{"/users/{who}", "/groups/{who}"} {
			all, one := where+who+"/roles", where+who+"/roles/{role}"
			if strings.HasPrefix(where, inherit) {
				all, one = all+"/inherited_to_projects", one+"/inherited_to_projects"
			}
			list = append(list,
				route{"GET", all, authenticated, s.assignedRoles},
				route{"GET", one, authenticated, s.checkAssignment},
				route{"PUT", one, admins, s.assignRole},
				route{"DELETE", one, admins, s.unassignRole})
		}
	}
	list = append(list, s.catalogRoutes()...)
	list = append(list, s.endpointGroupRoutes()...)
	return list
}

// register registers the operation with a check of its callers.
func (o route) register(m *resource.Mux) {
	pattern := strings.TrimSpace(o.method + " " + o.path)
	if o.may == anyone {
		m.Open(pattern, o.do)
		return
	}
	m.Handle(pattern, func(r *resource.Request) (any, error) {
		if !o.may.allows(r) {
			return nil, refuse(http.StatusForbidden, "You are not authorized to perform the requested action.")
		}
		return o.do(r)
	})
}

func (a access) allows(r *resource.Request) bool {
	self := r.PathValue("user") == r.Caller.UserID
	switch a {
	case admins:
		return r.Caller.Admin
	case owner:
		return self
	case ownerOrAdmin:
		return self || r.Caller.Admin
	default:
		return true
	}
}

func unknown(*resource.Request) (any, error) {
	return nil, refuse(http.StatusNotFound, "The resource could not be found.")
}
