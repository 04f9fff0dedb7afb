package devcloud

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// regions are kept with the people, too, whom they have nothing to do with.
const regions = "regions"

// system is what the roles in the deployment are found by, in place of a project.
const system = "system"

// people are the users and the projects, and what they have: as they are stored.
type people struct {
	Users    []user    `json:"users"`
	Projects []project `json:"projects"`
	Roles    []project `json:"roles"`
	Domains  []project `json:"domains"`
	Regions  []project `json:"regions"`
	// Groups are users without a password, whose roles their members have, too.
	Groups      []user       `json:"groups,omitempty"`
	Credentials []credential `json:"credentials,omitempty"`
}

// project is a project, or what users, projects, roles and domains have in common.
type project struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	Disabled    bool   `json:"disabled,omitempty"`
	Domain      string `json:"domain,omitempty"` // "": the default one; of a role, none
	Root        bool   `json:"root,omitempty"`   // is a domain
	// More are the fields that Keystone keeps and shows, and that mean nothing here.
	More map[string]any `json:"more,omitempty"`
}

func (p *project) domain() string { return cmp.Or(p.Domain, domain) }

// user is a user with its roles by the id of the project, or system.
type user struct {
	project
	Password string              `json:"password"`
	Roles    map[string][]string `json:"roles"`
	Groups   []string            `json:"groups,omitempty"` // ids of those it is in
}

// firstPeople are those of a new cloud.
func firstPeople() *people {
	p := &people{Domains: []project{{ID: domain, Name: "Default", Root: true}}, Regions: []project{{ID: region}}}
	for _, name := range []string{"admin", "manager", "member", "reader", "service"} {
		p.Roles = append(p.Roles, project{ID: id("role-", name), Name: name})
	}
	for _, name := range []string{"admin", "demo", "service"} {
		p.Projects = append(p.Projects, project{ID: id("project-", name), Name: name})
	}
	admin, demo, service := p.Projects[0].ID, p.Projects[1].ID, p.Projects[2].ID
	all := []string{"admin", "manager", "member", "reader"}
	for _, u := range []struct {
		name  string
		roles map[string][]string
	}{
		{"admin", map[string][]string{admin: all, demo: all, system: {"admin", "member", "reader"}}},
		{"demo", map[string][]string{demo: {"member", "reader"}}},
		{"nova", map[string][]string{service: {"admin", "service"}}},
		{"reader", map[string][]string{demo: {"reader"}}},
	} {
		p.Users = append(p.Users, user{project: project{ID: id("user-", u.name), Name: u.name}, Password: Password, Roles: u.roles})
	}
	return p
}

func (i *identity) peopleFile() string { return filepath.Join(filepath.Dir(i.file), "people.json") }

func (i *identity) openPeople() error {
	i.known.Store(firstPeople())
	text, err := os.ReadFile(i.peopleFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	p := &people{}
	if err := json.Unmarshal(text, p); err != nil {
		return fmt.Errorf("%s: %w", i.peopleFile(), err)
	}
	if first := firstPeople(); len(p.Domains) == 0 { // a file from before there were any
		p.Roles, p.Domains = first.Roles, first.Domains
	}
	if len(p.Regions) == 0 {
		p.Regions = firstPeople().Regions
	}
	for n := range p.Domains {
		p.Domains[n].Root = true
	}
	i.known.Store(p)
	return nil
}

// change stores what f makes of a copy of the users and the projects. Tokens of
// users and projects that are gone end.
func (i *identity) change(f func(*people) error) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	old := i.known.Load()
	p := &people{Users: slices.Clone(old.Users), Projects: slices.Clone(old.Projects), Roles: slices.Clone(old.Roles), Domains: slices.Clone(old.Domains), Regions: slices.Clone(old.Regions),
		Groups: slices.Clone(old.Groups), Credentials: slices.Clone(old.Credentials)}
	if err := f(p); err != nil {
		return err
	}
	if err := replace(i.peopleFile(), p); err != nil {
		return err
	}
	i.known.Store(p)
	ended := false
	for token, t := range i.tokens {
		if i.user(t.UserID, "") == nil || t.ProjectID != "" && i.project(t.ProjectID, "") == nil || t.Credential != "" && p.credential(t.Credential) == nil {
			delete(i.tokens, token)
			ended = true
		}
	}
	if !ended {
		return nil
	}
	return i.save()
}

// user finds a user by its id or, without one, by its name; nil: there is none.
func (i *identity) user(id, name string) *user { return i.known.Load().user(id, name) }

func (i *identity) project(id, name string) *project { return i.known.Load().project(id, name) }

func (p *people) user(id, name string) *user { return find(p.Users, id, name) }

// userNames are the names of all users.
func (i *identity) userNames() []string {
	var list []string
	for _, u := range i.known.Load().Users {
		list = append(list, u.Name)
	}
	return list
}

func (p *people) group(id, name string) *user { return find(p.Groups, id, name) }

// holder is the user or the group with an id: who can have a role.
func (p *people) holder(id string) *user {
	if u := p.user(id, ""); u != nil {
		return u
	}
	return p.group(id, "")
}

// rolesIn are the roles of a user in a project, a domain or the system, those of its
// groups among them; nil: it has none.
func (p *people) rolesIn(u *user, where string) []string {
	roles := u.Roles[where]
	for _, id := range u.Groups {
		if g := p.group(id, ""); g != nil {
			roles = append(slices.Clip(roles), g.Roles[where]...)
		}
	}
	return roles
}

func find(list []user, id, name string) *user {
	for n := range list {
		if list[n].is(id, name) {
			return &list[n]
		}
	}
	return nil
}

func (p *people) project(id, name string) *project { return lookup(p.Projects, id, name) }

// roleID is the id of the role with a name.
func (p *people) roleID(name string) string {
	if r := lookup(p.Roles, "", name); r != nil {
		return r.ID
	}
	return ""
}

// lookup finds by id or, without one, by name.
func lookup(list []project, id, name string) *project {
	for n := range list {
		if list[n].is(id, name) {
			return &list[n]
		}
	}
	return nil
}

// list is a collection that is no users'.
func (p *people) list(kind string) *[]project {
	return map[string]*[]project{"projects": &p.Projects, "roles": &p.Roles, "domains": &p.Domains, regions: &p.Regions}[kind]
}

func (p *project) is(id, name string) bool {
	return id != "" && p.ID == id || id == "" && p.Name == name
}

// implied are roles and those that each of them brings along, as Keystone's
// bootstrap has it.
func implied(roles []string) []string {
	chain := []string{"admin", "manager", "member", "reader"}
	all := slices.Clone(roles)
	for n, role := range chain {
		if !slices.Contains(roles, role) {
			continue
		}
		for _, more := range chain[n+1:] {
			if !slices.Contains(all, more) {
				all = append(all, more)
			}
		}
		break
	}
	return all
}
