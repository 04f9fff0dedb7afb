package identity

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

// system takes the place of a project id in assignments of roles in the system.
const system = "system"

// defaultDomain is the id of the domain of users and projects without one.
const defaultDomain = "default"

// directory has the data of the service except for tokens, in the form of people.json.
type directory struct {
	Users    []user   `json:"users"`
	Projects []entity `json:"projects"`
	Roles    []entity `json:"roles"`
	Domains  []entity `json:"domains"`
	Regions  []entity `json:"regions"`
	// Groups are users without a password. Their members have the roles of the group.
	Groups      []user       `json:"groups,omitempty"`
	Credentials []credential `json:"credentials,omitempty"`
	// Documents are access rules, configurations of domains and limits, by kind. They are replaced
	// instead of modified.
	Documents map[string][]resource.Doc `json:"documents,omitempty"`
}

// entity is a project, a role, a domain or a region, or the common part of a user or group.
type entity struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	Disabled    bool   `json:"disabled,omitempty"`
	Domain      string `json:"domain,omitempty"` // "": the default one; of a role, none
	Root        bool   `json:"root,omitempty"`   // is a domain
	// More are fields that the service stores and shows without effect.
	More map[string]any `json:"more,omitempty"`
}

// user is a user or a group. Roles has the names of roles by the id of the project or the domain,
// or system.
type user struct {
	entity
	Password string              `json:"password"`
	Roles    map[string][]string `json:"roles"`
	Groups   []string            `json:"groups,omitempty"` // ids
}

// newDirectory returns the directory of a new cloud.
func newDirectory() *directory {
	d := &directory{Domains: []entity{{ID: defaultDomain, Name: "Default", Root: true}}, Regions: []entity{{ID: Region}}}
	for _, name := range []string{"admin", "manager", "member", "reader", "service"} {
		d.Roles = append(d.Roles, entity{ID: nameID("role-", name), Name: name})
	}
	for _, name := range []string{"admin", "demo", "service"} {
		d.Projects = append(d.Projects, entity{ID: ProjectID(name), Name: name})
	}
	admin, demo, service := d.Projects[0].ID, d.Projects[1].ID, d.Projects[2].ID
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
		d.Users = append(d.Users, user{entity: entity{ID: nameID("user-", u.name), Name: u.name}, Password: Password, Roles: u.roles})
	}
	return d
}

func (s *Service) directoryFile() string { return s.file(peopleFile) }

func (s *Service) openDirectory() error {
	s.known.Store(newDirectory())
	text, err := os.ReadFile(s.directoryFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	d := &directory{}
	if err := json.Unmarshal(text, d); err != nil {
		return fmt.Errorf("%s: %w", s.directoryFile(), err)
	}
	if first := newDirectory(); len(d.Domains) == 0 { // a file of an older release has no domains
		d.Roles, d.Domains = first.Roles, first.Domains
	}
	if len(d.Regions) == 0 {
		d.Regions = newDirectory().Regions
	}
	for n := range d.Domains {
		d.Domains[n].Root = true
	}
	s.known.Store(d)
	return nil
}

// change stores a copy of the directory that f has changed; f must replace maps and lists instead
// of modifying them. It revokes the tokens of users, projects and credentials that do not exist
// any more.
func (s *Service) change(f func(*directory) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.known.Load().clone()
	if err := f(d); err != nil {
		return err
	}
	if err := writeJSON(s.directoryFile(), d); err != nil {
		return err
	}
	s.known.Store(d)
	ended := false
	for id, t := range s.tokens {
		if !d.supports(t) {
			delete(s.tokens, id)
			ended = true
		}
	}
	if !ended {
		return nil
	}
	return s.saveTokens()
}

func (d *directory) clone() *directory {
	return &directory{Users: slices.Clone(d.Users), Projects: slices.Clone(d.Projects), Roles: slices.Clone(d.Roles),
		Domains: slices.Clone(d.Domains), Regions: slices.Clone(d.Regions),
		Groups: slices.Clone(d.Groups), Credentials: slices.Clone(d.Credentials), Documents: d.Documents}
}

// supports tells whether the user, the project and the credential of a token exist.
func (d *directory) supports(t *token) bool {
	return d.user(t.UserID, "") != nil && (t.ProjectID == "" || d.project(t.ProjectID, "") != nil) && (t.Credential == "" ||
		d.credential(t.Credential) != nil)
}

// entities returns the collection of a kind, or nil if its members are users or groups.
func (d *directory) entities(kind string) *[]entity {
	return map[string]*[]entity{projects: &d.Projects, roles: &d.Roles, domains: &d.Domains, regions: &d.Regions}[kind]
}

// holders returns the users or the groups, or nil for other kinds.
func (d *directory) holders(kind string) *[]user {
	return map[string]*[]user{users: &d.Users, groups: &d.Groups}[kind]
}

// all returns the members of a collection.
func (d *directory) all(kind string) []entity {
	if list := d.entities(kind); list != nil {
		return *list
	}
	var list []entity
	for _, u := range *d.holders(kind) {
		list = append(list, u.entity)
	}
	return list
}

// user returns a user by id, or by name if id is "", or nil. The functions project, lookup and
// lookupUser do the same.
func (d *directory) user(id, name string) *user { return lookupUser(d.Users, id, name) }

func (d *directory) group(id string) *user { return lookupUser(d.Groups, id, "") }

func (d *directory) project(id, name string) *entity { return lookup(d.Projects, id, name) }

func lookup(list []entity, id, name string) *entity {
	for n := range list {
		if list[n].is(id, name) {
			return &list[n]
		}
	}
	return nil
}

func lookupUser(list []user, id, name string) *user {
	for n := range list {
		if list[n].is(id, name) {
			return &list[n]
		}
	}
	return nil
}

func (e *entity) is(id, name string) bool {
	return id != "" && e.ID == id || id == "" && e.Name == name
}

// domain returns the id of the entity's domain.
func (e *entity) domain() string { return cmp.Or(e.Domain, defaultDomain) }

// domainOf returns the domain of an entity in the form of views.
func (d *directory) domainOf(e *entity) map[string]string {
	in := lookup(d.Domains, e.domain(), "")
	return map[string]string{"id": in.ID, "name": in.Name}
}

// holder returns the user or the group with an id.
func (d *directory) holder(id string) *user {
	if u := d.user(id, ""); u != nil {
		return u
	}
	return d.group(id)
}

// rolesIn returns the names of the roles of a user in a project, a domain or the system,
// including those of its groups and the inherited ones, or nil.
func (d *directory) rolesIn(u *user, where string) []string {
	targets := append([]string{where}, d.inheritedFrom(where)...)
	names := rolesOf(u, targets)
	for _, id := range u.Groups {
		if g := d.group(id); g != nil {
			names = append(names, rolesOf(g, targets)...)
		}
	}
	return names
}

// rolesOf returns the names of the roles of a user or a group in several targets.
func rolesOf(u *user, targets []string) []string {
	var names []string
	for _, where := range targets {
		names = append(names, u.Roles[where]...)
	}
	return names
}

// inheritedFrom returns the targets in user.Roles that a project inherits roles from: the projects
// above it and its domain.
func (d *directory) inheritedFrom(project string) []string {
	var above []string
	for p := d.project(project, ""); p != nil; {
		parent := fmt.Sprint(resource.Or(p.More, "parent_id", p.domain()))
		if p = d.project(parent, ""); slices.Contains(above, inherited+parent) {
			break
		}
		above = append(above, inherited+parent)
	}
	return above
}

// roleID returns the id of the role with a name, or "".
func (d *directory) roleID(name string) string {
	if r := lookup(d.Roles, "", name); r != nil {
		return r.ID
	}
	return ""
}

// withImplied returns the names with the roles that they imply after Keystone's bootstrap.
func withImplied(names []string) []string {
	chain := []string{"admin", "manager", "member", "reader"}
	all := slices.Clone(names)
	for n, role := range chain {
		if !slices.Contains(names, role) {
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

// below returns the ids of a project or a domain and of the projects below it.
func (d *directory) below(root string) map[string]bool {
	all := map[string]bool{root: true}
	for before := 0; len(all) > before; {
		before = len(all)
		for _, p := range d.Projects {
			if all[fmt.Sprint(resource.Or(p.More, "parent_id", p.domain()))] {
				all[p.ID] = true
			}
		}
	}
	return all
}

// credential returns an application credential by id. It must not have expired, and its user must
// exist.
func (d *directory) credential(id string) *credential {
	for n := range d.Credentials {
		c := &d.Credentials[n]
		if c.ID == id && d.user(c.User, "") != nil && (c.Expires.IsZero() || time.Now().Before(c.Expires)) {
			return c
		}
	}
	return nil
}
