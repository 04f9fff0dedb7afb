package identity

import (
	"cmp"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

// assignment is a role of a user or a group in a project, a domain or the system. The role need
// not be assigned.
type assignment struct {
	who, where, role string // where is that of user.Roles, role is a name
	given            bool
}

// inherited is the prefix of targets in user.Roles whose roles the projects below a project or a
// domain inherit.
const inherited = "inherited:"

// target returns the id of the project or the domain in the path of a request, or system. Below
// OS-INHERIT it has the prefix inherited.
func target(r *resource.Request) string {
	where := cmp.Or(r.PathValue("where"), system)
	if strings.HasSuffix(r.URL.Path, "/inherited_to_projects") {
		where = inherited + where
	}
	return where
}

// assignment returns the assignment in the path of a request. Its user or group, its target and
// its role must exist.
func (s *Service) assignment(r *resource.Request) (*assignment, error) {
	known, a := s.known.Load(), &assignment{who: r.PathValue("who"), where: target(r)}
	role, holder := lookup(known.Roles, r.PathValue("role"), ""), known.holder(a.who)
	switch {
	case role == nil:
		return nil, notFound("role", r.PathValue("role"))
	case holder == nil:
		return nil, notFound("user", a.who)
	}
	if id := strings.TrimPrefix(a.where, inherited); id != system && known.project(id, "") == nil && lookup(known.Domains, id, "") == nil {
		return nil, notFound("project", id)
	}
	a.role, a.given = role.Name, slices.Contains(holder.Roles[a.where], role.Name)
	return a, nil
}

// checkAssignment answers 204 if the role is assigned, and 404 otherwise.
func (s *Service) checkAssignment(r *resource.Request) (any, error) {
	a, err := s.assignment(r)
	if err == nil && !a.given {
		err = notFound("role assignment with role", r.PathValue("role"))
	}
	return noContent(err)
}

func (s *Service) assignRole(r *resource.Request) (any, error) {
	a, err := s.assignment(r)
	if err != nil || a.given {
		return noContent(err)
	}
	return noContent(s.assign(a, true))
}

func (s *Service) unassignRole(r *resource.Request) (any, error) {
	a, err := s.assignment(r)
	if err != nil {
		return nil, err
	}
	if !a.given {
		return nil, notFound("role assignment with role", r.PathValue("role"))
	}
	return noContent(s.assign(a, false))
}

// assign assigns the role, or with given false removes the assignment.
func (s *Service) assign(a *assignment, given bool) error {
	return s.change(func(d *directory) error {
		u := d.holder(a.who)
		if u == nil {
			return notFound("user", a.who)
		}
		all := map[string][]string{}
		for where, names := range u.Roles {
			all[where] = slices.Clone(names)
		}
		names := slices.DeleteFunc(all[a.where], func(name string) bool { return name == a.role })
		if given {
			names = append(names, a.role)
		}
		if all[a.where] = names; len(names) == 0 {
			delete(all, a.where)
		}
		u.Roles = all
		return nil
	})
}

// renameRole renames a role in all assignments. With "" it removes them.
func (d *directory) renameRole(role, to string) {
	for _, list := range [][]user{d.Users, d.Groups} {
		for n := range list {
			list[n].renameRole(role, to)
		}
	}
}

func (u *user) renameRole(role, to string) {
	all := map[string][]string{}
	for where, names := range u.Roles {
		kept := []string{}
		for _, name := range names {
			if name == role {
				name = to
			}
			if name != "" {
				kept = append(kept, name)
			}
		}
		if len(kept) > 0 {
			all[where] = kept
		}
	}
	u.Roles = all
}

// assignedRoles lists the roles that are assigned directly to a user or a group.
func (s *Service) assignedRoles(r *resource.Request) (any, error) {
	known := s.known.Load()
	var list []entity
	if u := known.holder(r.PathValue("who")); u != nil {
		for _, name := range u.Roles[target(r)] {
			if role := lookup(known.Roles, "", name); role != nil {
				list = append(list, *role)
			}
		}
	}
	return s.collection(r, roles, list), nil
}

// listAssignments lists the role assignments that match the query. With "include_names" they
// contain names. With "effective" the assignments of a group are listed for its members.
func (s *Service) listAssignments(r *resource.Request) (any, error) {
	q := &assignmentQuery{known: s.known.Load(), values: r.URL.Query()}
	project := q.values.Get("scope.project.id")
	switch {
	case !q.asks("include_subtree"):
		q.within = map[string]bool{project: true}
	case q.values.Has("scope.project.id"):
		q.within = q.known.below(project)
	default:
		return nil, refuse(http.StatusBadRequest, "'scope.project.id' is a dependency of 'include_subtree'")
	}
	return map[string]any{"role_assignments": q.list(), "links": s.links("role_assignments")}, nil
}

// assignmentQuery is the query of a list of role assignments.
type assignmentQuery struct {
	known  *directory
	values url.Values
	within map[string]bool // ids of the projects of scope.project.id
}

// asks tells whether the query has a flag: "flag" or "flag=1", but not "flag=0".
func (q *assignmentQuery) asks(flag string) bool {
	return q.values.Has(flag) && q.values.Get(flag) != "0" && !strings.EqualFold(q.values.Get(flag), "false")
}

// wants tells whether a value matches a filter.
func (q *assignmentQuery) wants(filter, value string) bool {
	return q.values.Get(filter) == "" || q.values.Get(filter) == value
}

func (q *assignmentQuery) list() []any {
	list := []any{}
	effective := q.asks("effective")
	for n := range q.known.Users {
		u := &q.known.Users[n]
		list = append(list, q.of("user", u, u.Roles)...)
		if !effective {
			continue
		}
		for _, id := range u.Groups {
			if g := q.known.group(id); g != nil {
				list = append(list, q.of("user", u, g.Roles)...)
			}
		}
	}
	if effective {
		return list
	}
	for n := range q.known.Groups {
		g := &q.known.Groups[n]
		list = append(list, q.of("group", g, g.Roles)...)
	}
	return list
}

// of returns the assignments of the user or group who, limited to roles.
func (q *assignmentQuery) of(kind string, who *user, roles map[string][]string) []any {
	other := map[string]string{"user": "group", "group": "user"}[kind]
	if !q.wants(kind+".id", who.ID) || q.values.Get(other+".id") != "" {
		return nil
	}
	var list []any
	for where, names := range roles {
		for _, scope := range q.scopes(where) {
			for _, name := range names {
				if role := lookup(q.known.Roles, "", name); role != nil && q.wants("role.id", role.ID) {
					list = append(list, map[string]any{kind: q.view(kind, &who.entity), "role": q.view("role", role), "scope": scope})
				}
			}
		}
	}
	return list
}

// scopes returns the views of the targets of roles in where that match the query. With "effective"
// the targets of inherited roles are the projects below.
func (q *assignmentQuery) scopes(where string) []map[string]any {
	const attribute = "OS-INHERIT:inherited_to"
	id, inherits := strings.CutPrefix(where, inherited)
	if q.values.Get("scope."+attribute) != "" && !inherits {
		return nil
	}
	ids := []string{id}
	if inherits && q.asks("effective") {
		below := q.known.below(id)
		delete(below, id)
		ids = slices.Sorted(maps.Keys(below))
	}
	var list []map[string]any
	for _, id := range ids {
		if scope := q.scope(id); scope != nil {
			if inherits {
				scope[attribute] = "projects"
			}
			list = append(list, scope)
		}
	}
	return list
}

// scope returns the view of the project, the domain or the system with an id. It is nil if the id
// does not exist or does not match the query.
func (q *assignmentQuery) scope(where string) map[string]any {
	p, d := q.known.project(where, ""), lookup(q.known.Domains, where, "")
	switch {
	case q.values.Get("scope.project.id") != "" && (p == nil || !q.within[where]), !q.wants("scope.domain.id", where),
		q.values.Has("scope.system") && where != system:
		return nil
	case where == system:
		return map[string]any{"system": map[string]bool{"all": true}}
	case p != nil:
		return map[string]any{"project": q.view("project", p)}
	case d != nil:
		return map[string]any{"domain": q.view("domain", d)}
	}
	return nil
}

// view returns the view of an entity in an assignment.
func (q *assignmentQuery) view(kind string, e *entity) map[string]any {
	out := map[string]any{"id": e.ID}
	if !q.asks("include_names") {
		return out
	}
	if out["name"] = e.Name; kind != "role" && kind != "domain" {
		out["domain"] = q.known.domainOf(e)
	}
	return out
}
