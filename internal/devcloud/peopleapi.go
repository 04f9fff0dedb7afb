package devcloud

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

// identityError is an answer that is no success.
type identityError struct {
	status  int
	message string
}

func (e *identityError) Error() string { return e.message }

func notFound(kind, id string) error {
	return &identityError{http.StatusNotFound, "Could not find " + kind + ": " + id + "."}
}

// servePeople lists and changes the users, the projects and who has which role.
// Whoever has the role admin may change them.
func (i *identity) servePeople(w http.ResponseWriter, r *http.Request, t *token, path []string) {
	status, body, err := http.StatusOK, map[string]any(nil), error(nil)
	read := r.Method == http.MethodGet || r.Method == http.MethodHead
	// What is said of roles begins at the user or the group that has them.
	roles, where := []string(nil), ""
	switch {
	case path[0] == system:
		roles, where = path[1:], system
	case (path[0] == "projects" || path[0] == "domains") && len(path) > 2:
		roles, where = path[2:], path[1]
	}
	of := len(roles) >= 3 && (roles[0] == "users" || roles[0] == "groups") && roles[2] == "roles"
	switch {
	case !read && !slices.Contains(i.rolesOf(t), "admin"):
		err = &identityError{http.StatusForbidden, "You are not authorized to perform the requested action."}
	case path[0] == "role_assignments" && read:
		body, err = i.assignments(r)
	case path[0] == "projects" && len(path) >= 3 && path[2] == "tags":
		status, body, err = i.tags(r, path[1], path[3:])
	case of && len(roles) == 4:
		status, err = http.StatusNoContent, i.assign(r.Method, roles[1], where, roles[3])
	case of && len(roles) == 3 && read:
		i.list(w, r, "roles", i.directRoles(roles[1], where), "")
		return
	case path[0] == "groups" && len(path) >= 3 && path[2] == "users" || path[0] == "users" && len(path) == 3 && read:
		i.serveMembers(w, r, path)
		return
	case path[0] != system && len(path) <= 2 && read:
		i.list(w, r, path[0], i.members(path[0], len(path) == 2, r.URL.Query()), strings.Join(path[1:], ""))
		return
	case path[0] != system && len(path) == 1 && r.Method == http.MethodPost:
		status = http.StatusCreated
		body, err = i.write(r, path[0], "")
	case path[0] != system && len(path) == 2 && r.Method == http.MethodPatch:
		body, err = i.write(r, path[0], path[1])
	case path[0] != system && len(path) == 2 && r.Method == http.MethodDelete:
		status, err = http.StatusNoContent, i.remove(path[0], path[1])
	default:
		err = &identityError{http.StatusNotFound, "The resource could not be found."}
	}
	switch {
	case err != nil:
		i.fail(w, err)
	case body == nil:
		w.WriteHeader(status)
	default:
		answer(w, status, body)
	}
}

// fail answers an error.
func (i *identity) fail(w http.ResponseWriter, err error) {
	e, ok := errors.AsType[*identityError](err)
	if !ok {
		e = &identityError{http.StatusInternalServerError, err.Error()}
	}
	answer(w, e.status, fault(e.status, e.message))
}

// members are those of a collection: to find one by its id, or as a query wants them.
// Domains are projects, and the roles of domains are roles, to who asks for them.
func (i *identity) members(kind string, one bool, query url.Values) []project {
	p := i.known.Load()
	if kind == "projects" && (one || resource.Bool(resource.Doc{"": query.Get("is_domain")}, "")) {
		return slices.Concat(p.Projects, p.Domains)
	}
	if kind == "roles" && !one && !query.Has("domain_id") {
		return slices.DeleteFunc(slices.Clone(p.Roles), func(r project) bool { return r.Domain != "" })
	}
	if l := p.list(kind); l != nil {
		return *l
	}
	var list []project
	for _, u := range *p.holders(kind) {
		list = append(list, u.project)
	}
	return list
}

// own are the fields of what is written that mean something here, or that the
// service says itself.
var own = []string{"id", "name", "description", "password", "enabled", "domain_id", "links", "is_domain", "original_password"}

// write makes a user, a group, a project, a role or a domain, or changes the one with
// an id.
func (i *identity) write(r *http.Request, kind, one string) (map[string]any, error) {
	single := strings.TrimSuffix(kind, "s")
	var q map[string]resource.Doc
	if err := json.NewDecoder(http.MaxBytesReader(nil, r.Body, 64<<10)).Decode(&q); err != nil {
		return nil, &identityError{http.StatusBadRequest, "The body is not JSON of a " + single + "."}
	}
	in := q[single]
	name := resource.Text(in, "name")
	if one == "" && name == "" && kind != regions {
		return nil, &identityError{http.StatusBadRequest, "'name' is a required property"}
	}
	var out project
	err := i.change(func(p *people) error {
		kept := p.keptAs(kind, one, in)
		d, u := p.entry(kept, one)
		if u != nil {
			set(&u.Password, in, "password")
		}
		if d == nil {
			return notFound(single, one)
		}
		d.Root = kept == "domains"
		if kind == regions {
			if err := p.region(d, in, one == ""); err != nil {
				return err
			}
		}
		if taken := p.named(kept, name); name != "" && taken != nil && taken.ID != d.ID {
			return &identityError{http.StatusConflict, fmt.Sprintf("Conflict occurred attempting to store %s - Duplicate entry found with name %s at domain ID %s.", single, name, domain)}
		}
		if kind == "roles" && one != "" && name != "" {
			p.rename(d.Name, name)
		}
		if in := resource.Text(in, "domain_id"); one == "" && in != "" && kept != "domains" {
			if lookup(p.Domains, in, "") == nil {
				return notFound("domain", in)
			}
			d.Domain = in
		}
		set(&d.Name, in, "name")
		set(&d.Description, in, "description")
		if _, given := in["enabled"]; given {
			d.Disabled = !resource.Bool(in, "enabled")
		}
		d.More = maps.Clone(d.More)
		for field, value := range in {
			if slices.Contains(own, field) {
				continue
			}
			if d.More == nil {
				d.More = map[string]any{}
			}
			if given, ok := value.(resource.Doc); ok && field == "options" {
				value = merged(resource.Object(d.More, field), given)
			}
			if d.More[field] = value; value == nil {
				delete(d.More, field)
			}
		}
		out = *d
		return nil
	})
	return map[string]any{single: i.shown(kind, &out)}, err
}

// merged are options with those that are given, of which null takes one away.
func merged(before, given resource.Doc) resource.Doc {
	all := maps.Clone(before)
	maps.Copy(all, given)
	maps.DeleteFunc(all, func(_ string, value any) bool { return value == nil })
	return all
}

// keptAs is the collection that something is kept in: a project may be a domain.
func (p *people) keptAs(kind, one string, in resource.Doc) string {
	if kind == "projects" && (one == "" && resource.Bool(in, "is_domain") || one != "" && lookup(p.Domains, one, "") != nil) {
		return "domains"
	}
	return kind
}

// entry finds the member of a collection with an id, or for "" appends one; of users
// and groups it is u, too.
func (p *people) entry(kind, one string) (d *project, u *user) {
	if list := p.list(kind); list != nil {
		if one != "" {
			return lookup(*list, one, ""), nil
		}
		*list = append(*list, project{ID: newID()})
		return &(*list)[len(*list)-1], nil
	}
	list := p.holders(kind)
	if one != "" {
		if u = find(*list, one, ""); u == nil {
			return nil, nil
		}
		return &u.project, u
	}
	*list = append(*list, user{project: project{ID: newID()}, Roles: map[string][]string{}})
	u = &(*list)[len(*list)-1]
	return &u.project, u
}

// named is the member of a collection with a name, or nil.
func (p *people) named(kind, name string) *project {
	if list := p.list(kind); list != nil {
		return lookup(*list, "", name)
	}
	if u := find(*p.holders(kind), "", name); u != nil {
		return &u.project
	}
	return nil
}

// rename gives those who have a role its other name; "": they lose it.
func (p *people) rename(role, to string) {
	for _, list := range [][]user{p.Users, p.Groups} {
		for n := range list {
			list[n].rename(role, to)
		}
	}
}

func (u *user) rename(role, to string) {
	roles := map[string][]string{}
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
			roles[where] = kept
		}
	}
	u.Roles = roles
}

func set(to *string, in resource.Doc, field string) {
	if text, given := in[field].(string); given {
		*to = text
	}
}

// newID is an id as Keystone makes them.
func newID() string { return strings.ReplaceAll(uuid.NewString(), "-", "") }

func (i *identity) remove(kind, one string) error {
	return i.change(func(p *people) error {
		kind := p.keptAs(kind, one, nil)
		if list := p.holders(kind); list != nil {
			before := len(*list)
			*list = slices.DeleteFunc(*list, func(u user) bool { return u.ID == one })
			if before == len(*list) {
				return notFound(strings.TrimSuffix(kind, "s"), one)
			}
			p.Credentials = slices.DeleteFunc(p.Credentials, func(c credential) bool { return c.User == one })
			return nil
		}
		list := p.list(kind)
		d := lookup(*list, one, "")
		switch {
		case d == nil:
			return notFound(strings.TrimSuffix(kind, "s"), one)
		case kind == "domains" && !d.Disabled:
			return &identityError{http.StatusForbidden, "Cannot delete a domain that is enabled, please disable it first."}
		case kind == "domains":
			p.Users = slices.DeleteFunc(p.Users, func(u user) bool { return u.domain() == one })
			p.Projects = slices.DeleteFunc(p.Projects, func(d project) bool { return d.domain() == one })
		case kind == regions && one == region:
			return &identityError{http.StatusForbidden, "The catalog of nova-api --dev cannot be changed."}
		case kind == "roles":
			p.rename(d.Name, "")
		}
		*list = slices.DeleteFunc(*list, func(d project) bool { return d.ID == one })
		return nil
	})
}

// assign gives a user or a group a role in a project or in the system, takes it away, or
// says whether it is there.
func (i *identity) assign(method, who, where, what string) error {
	known := i.known.Load()
	role := lookup(known.Roles, what, "")
	switch {
	case role == nil:
		return notFound("role", what)
	case known.holder(who) == nil:
		return notFound("user", who)
	case where != system && known.project(where, "") == nil && lookup(known.Domains, where, "") == nil:
		return notFound("project", where)
	}
	has := slices.Contains(known.holder(who).Roles[where], role.Name)
	if method != http.MethodPut && !has {
		return notFound("role assignment with role", what)
	}
	if method == http.MethodGet || method == http.MethodHead || method == http.MethodPut && has {
		return nil
	}
	return i.change(func(p *people) error {
		u := p.holder(who)
		if u == nil {
			return notFound("user", who)
		}
		roles := map[string][]string{}
		for at, names := range u.Roles {
			roles[at] = slices.Clone(names)
		}
		roles[where] = slices.DeleteFunc(roles[where], func(name string) bool { return name == role.Name })
		if method == http.MethodPut {
			roles[where] = append(roles[where], role.Name)
		}
		if len(roles[where]) == 0 {
			delete(roles, where)
		}
		u.Roles = roles
		return nil
	})
}
