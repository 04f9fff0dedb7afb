package devcloud

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// holders are the users or the groups; nil: the kind is another one.
func (p *people) holders(kind string) *[]user {
	return map[string]*[]user{"users": &p.Users, "groups": &p.Groups}[kind]
}

// directRoles are the roles that a user or a group has itself.
func (i *identity) directRoles(who, where string) []project {
	known := i.known.Load()
	var roles []project
	if u := known.holder(who); u != nil {
		for _, name := range u.Roles[where] {
			if role := lookup(known.Roles, "", name); role != nil {
				roles = append(roles, *role)
			}
		}
	}
	return roles
}

// assignments lists who has which role; the query narrows it, and asks for names, or
// with "effective" for what the members of groups have of them.
func (i *identity) assignments(r *http.Request) (map[string]any, error) {
	q, list := r.URL.Query(), []any{}
	asked := func(flag string) bool {
		return q.Has(flag) && q.Get(flag) != "0" && !strings.EqualFold(q.Get(flag), "false")
	}
	wanted := func(key, value string) bool { return q.Get(key) == "" || q.Get(key) == value }
	known := i.known.Load()
	within := map[string]bool{q.Get("scope.project.id"): true}
	if asked("include_subtree") {
		if !q.Has("scope.project.id") {
			return nil, &identityError{http.StatusBadRequest, "'scope.project.id' is a dependency of 'include_subtree'"}
		}
		within = known.below(q.Get("scope.project.id"))
	}
	show := func(kind string, p *project) map[string]any {
		out := map[string]any{"id": p.ID}
		if !asked("include_names") {
			return out
		}
		if out["name"] = p.Name; kind != "role" && kind != "domain" {
			in := lookup(known.Domains, p.domain(), "")
			out["domain"] = map[string]string{"id": in.ID, "name": in.Name}
		}
		return out
	}
	of := func(kind string, who *user, roles map[string][]string) {
		other := map[string]string{"user": "group", "group": "user"}[kind]
		if !wanted(kind+".id", who.ID) || q.Get(other+".id") != "" {
			return
		}
		for where, names := range roles {
			scope := map[string]any{system: map[string]bool{"all": true}}
			p, d := known.project(where, ""), lookup(known.Domains, where, "")
			switch {
			case where == system:
			case p != nil:
				scope = map[string]any{"project": show("project", p)}
			case d != nil:
				scope = map[string]any{"domain": show("domain", d)}
			default:
				continue // of what is no more
			}
			if q.Get("scope.project.id") != "" && (p == nil || !within[where]) || !wanted("scope.domain.id", where) || q.Has("scope.system") && where != system {
				continue
			}
			for _, name := range names {
				if role := lookup(known.Roles, "", name); role != nil && wanted("role.id", role.ID) {
					list = append(list, map[string]any{kind: show(kind, &who.project), "role": show("role", role), "scope": scope})
				}
			}
		}
	}
	effective := asked("effective")
	for n := range known.Users {
		u := &known.Users[n]
		of("user", u, u.Roles)
		for _, g := range u.Groups {
			if group := known.group(g, ""); effective && group != nil {
				of("user", u, group.Roles)
			}
		}
	}
	for n := range known.Groups {
		if !effective {
			of("group", &known.Groups[n], known.Groups[n].Roles)
		}
	}
	return map[string]any{"role_assignments": list, "links": i.self("role_assignments", "")}, nil
}

// serveMembers is who is in a group, the groups of a user, and the projects of a user.
func (i *identity) serveMembers(w http.ResponseWriter, r *http.Request, path []string) {
	known := i.known.Load()
	who := find(*known.holders(path[0]), path[1], "")
	if who == nil {
		i.fail(w, notFound(path[0][:len(path[0])-1], path[1]))
		return
	}
	var list []project
	switch {
	case path[0] == "groups" && len(path) == 4:
		if err := i.join(r.Method, path[3], path[1]); err != nil {
			i.fail(w, err)
			return
		}
		w.WriteHeader(http.StatusNoContent)
		return
	case path[0] == "groups":
		for _, u := range known.Users {
			if slices.Contains(u.Groups, who.ID) {
				list = append(list, u.project)
			}
		}
	case path[2] == "groups":
		for _, g := range known.Groups {
			if slices.Contains(who.Groups, g.ID) {
				list = append(list, g.project)
			}
		}
	case path[2] == "projects":
		for _, p := range known.Projects {
			if known.rolesIn(who, p.ID) != nil {
				list = append(list, p)
			}
		}
	default:
		i.fail(w, &identityError{http.StatusNotFound, "The resource could not be found."})
		return
	}
	i.list(w, r, path[2], list, "")
}

// join puts a user into a group, takes it out, or says whether it is in there.
func (i *identity) join(method, who, group string) error {
	u := i.user(who, "")
	if u == nil {
		return notFound("user", who)
	}
	in := slices.Contains(u.Groups, group)
	if method != http.MethodPut && !in {
		return &identityError{http.StatusNotFound, "User " + who + " is not in group " + group + "."}
	}
	if method == http.MethodGet || method == http.MethodHead {
		return nil
	}
	return i.change(func(p *people) error {
		u := p.user(who, "")
		if u == nil {
			return notFound("user", who)
		}
		u.Groups = slices.DeleteFunc(slices.Clone(u.Groups), func(g string) bool { return g == group })
		if method == http.MethodPut {
			u.Groups = append(u.Groups, group)
		}
		return nil
	})
}

// servePassword changes the password of who knows the one before, with or without a
// token.
func (i *identity) servePassword(w http.ResponseWriter, r *http.Request, who string) {
	if err := i.password(r, who); err != nil {
		i.fail(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (i *identity) password(r *http.Request, who string) error {
	var q struct {
		User struct {
			Password string `json:"password"`
			Before   string `json:"original_password"`
		} `json:"user"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(nil, r.Body, 64<<10)).Decode(&q); err != nil || q.User.Password == "" {
		return &identityError{http.StatusBadRequest, "'password' is a required property"}
	}
	return i.change(func(p *people) error {
		u := p.user(who, "")
		if u == nil || u.Disabled || u.Password != q.User.Before {
			return &identityError{http.StatusUnauthorized, "The request you have made requires authentication."}
		}
		u.Password = q.User.Password
		return nil
	})
}
