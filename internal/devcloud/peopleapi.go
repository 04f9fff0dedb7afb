package devcloud

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"
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
	switch {
	case !read && !slices.Contains(i.rolesOf(t), "admin"):
		err = &identityError{http.StatusForbidden, "You are not authorized to perform the requested action."}
	case path[0] == "role_assignments" && read:
		body = i.assignments(r)
	case len(path) == 6 && (path[0] == "projects" || path[0] == "domains") && path[2] == "users" && path[4] == "roles":
		status, err = http.StatusNoContent, i.assign(r.Method, path[3], path[1], path[5])
	case len(path) == 5 && path[0] == system && path[1] == "users" && path[3] == "roles":
		status, err = http.StatusNoContent, i.assign(r.Method, path[2], system, path[4])
	case len(path) == 5 && (path[0] == "projects" || path[0] == "domains") && path[2] == "users" && path[4] == "roles" && read:
		var roles []project
		if u := i.user(path[3], ""); u != nil {
			for _, name := range u.Roles[path[1]] {
				if role := lookup(i.known.Load().Roles, "", name); role != nil {
					roles = append(roles, *role)
				}
			}
		}
		i.list(w, r, "roles", roles, "")
		return
	case path[0] != system && len(path) <= 2 && read:
		i.list(w, r, path[0], i.members(path[0]), strings.Join(path[1:], ""))
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
	var e *identityError
	switch {
	case errors.As(err, &e):
		answer(w, e.status, fault(e.status, e.message))
	case err != nil:
		answer(w, http.StatusInternalServerError, fault(http.StatusInternalServerError, err.Error()))
	case status == http.StatusNoContent:
		w.WriteHeader(status)
	default:
		answer(w, status, body)
	}
}

func (i *identity) members(kind string) []project {
	p := i.known.Load()
	if kind != "users" {
		return *p.list(kind)
	}
	var list []project
	for _, u := range p.Users {
		list = append(list, u.project)
	}
	return list
}

// write makes a user, a project, a role or a domain, or changes the one with an id.
func (i *identity) write(r *http.Request, kind, one string) (map[string]any, error) {
	single := strings.TrimSuffix(kind, "s")
	var q map[string]struct {
		Name, Description, Password *string
		Enabled                     *bool
		Domain                      *string `json:"domain_id"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(nil, r.Body, 64<<10)).Decode(&q); err != nil {
		return nil, &identityError{http.StatusBadRequest, "The body is not JSON of a " + single + "."}
	}
	in := q[single]
	if one == "" && (in.Name == nil || *in.Name == "") {
		return nil, &identityError{http.StatusBadRequest, "'name' is a required property"}
	}
	var out project
	err := i.change(func(p *people) error {
		var u *user
		var d *project
		switch {
		case one == "" && kind == "users":
			p.Users = append(p.Users, user{project: project{ID: newID()}, Roles: map[string][]string{}})
			u = &p.Users[len(p.Users)-1]
		case one == "":
			list := p.list(kind)
			*list = append(*list, project{ID: newID()})
			d = &(*list)[len(*list)-1]
		case kind == "users":
			u = p.user(one, "")
		default:
			d = lookup(*p.list(kind), one, "")
		}
		if u != nil {
			d = &u.project
			set(&u.Password, in.Password)
		}
		if d == nil {
			return notFound(single, one)
		}
		if in.Name != nil {
			var taken *project
			if kind != "users" {
				taken = lookup(*p.list(kind), "", *in.Name)
			} else if other := p.user("", *in.Name); other != nil {
				taken = &other.project
			}
			if taken != nil && taken.ID != d.ID {
				return &identityError{http.StatusConflict, fmt.Sprintf("Conflict occurred attempting to store %s - Duplicate entry found with name %s at domain ID %s.", single, *in.Name, domain)}
			}
		}
		if kind == "roles" && one != "" && in.Name != nil {
			p.rename(d.Name, *in.Name)
		}
		if one == "" && in.Domain != nil && (kind == "users" || kind == "projects") {
			if lookup(p.Domains, *in.Domain, "") == nil {
				return notFound("domain", *in.Domain)
			}
			d.Domain = *in.Domain
		}
		set(&d.Name, in.Name)
		set(&d.Description, in.Description)
		if in.Enabled != nil {
			d.Disabled = !*in.Enabled
		}
		out = *d
		return nil
	})
	return map[string]any{single: i.shown(kind, &out)}, err
}

// rename gives those who have a role its other name; "": they lose it.
func (p *people) rename(role, to string) {
	for n := range p.Users {
		roles := map[string][]string{}
		for where, names := range p.Users[n].Roles {
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
		p.Users[n].Roles = roles
	}
}

func set(to, from *string) {
	if from != nil {
		*to = *from
	}
}

// newID is an id as Keystone makes them.
func newID() string { return strings.ReplaceAll(uuid.NewString(), "-", "") }

func (i *identity) remove(kind, one string) error {
	return i.change(func(p *people) error {
		if kind == "users" {
			before := len(p.Users)
			p.Users = slices.DeleteFunc(p.Users, func(u user) bool { return u.ID == one })
			if before == len(p.Users) {
				return notFound("user", one)
			}
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
		case kind == "roles":
			p.rename(d.Name, "")
		}
		*list = slices.DeleteFunc(*list, func(d project) bool { return d.ID == one })
		return nil
	})
}

// assign gives a user a role in a project or in the system, takes it away, or
// says whether it is there.
func (i *identity) assign(method, who, where, what string) error {
	known := i.known.Load()
	role := lookup(known.Roles, what, "")
	switch {
	case role == nil:
		return notFound("role", what)
	case known.user(who, "") == nil:
		return notFound("user", who)
	case where != system && known.project(where, "") == nil && lookup(known.Domains, where, "") == nil:
		return notFound("project", where)
	}
	has := slices.Contains(known.user(who, "").Roles[where], role.Name)
	if method != http.MethodPut && !has {
		return notFound("role assignment with role", what)
	}
	if method == http.MethodGet || method == http.MethodHead || method == http.MethodPut && has {
		return nil
	}
	return i.change(func(p *people) error {
		u := p.user(who, "")
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

// assignments lists who has which role; the query narrows it, and asks for names.
func (i *identity) assignments(r *http.Request) map[string]any {
	q, list := r.URL.Query(), []any{}
	wanted := func(key, value string) bool { return q.Get(key) == "" || q.Get(key) == value }
	known := i.known.Load()
	show := func(kind string, p *project) map[string]any {
		out := map[string]any{"id": p.ID}
		if !q.Has("include_names") {
			return out
		}
		if out["name"] = p.Name; kind == "user" || kind == "project" {
			in := lookup(known.Domains, p.domain(), "")
			out["domain"] = map[string]string{"id": in.ID, "name": in.Name}
		}
		return out
	}
	for _, u := range known.Users {
		for where, names := range u.Roles {
			scope := map[string]any{system: map[string]bool{"all": true}}
			if p := known.project(where, ""); where != system && p != nil {
				scope = map[string]any{"project": show("project", p)}
			} else if d := lookup(known.Domains, where, ""); where != system && d != nil {
				scope = map[string]any{"domain": show("domain", d)}
			}
			for _, name := range names {
				role := lookup(known.Roles, "", name)
				if role != nil && wanted("user.id", u.ID) && wanted("scope.project.id", where) && wanted("role.id", role.ID) {
					list = append(list, map[string]any{"user": show("user", &u.project), "role": show("role", role), "scope": scope})
				}
			}
		}
	}
	return map[string]any{"role_assignments": list, "links": map[string]any{"self": i.url + "/identity/v3/role_assignments", "next": nil, "previous": nil}}
}
