package identity

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

// list answers a collection. Domains are listed as projects, and roles of domains as roles, only
// if the query asks for them.
func (s *Service) list(kind string) resource.Handler {
	return func(r *resource.Request) (any, error) {
		known, query := s.known.Load(), r.URL.Query()
		list := known.all(kind)
		switch {
		case kind == projects && strings.EqualFold(query.Get("is_domain"), "true"):
			list = known.projectsAndDomains()
		case kind == roles && !query.Has("domain_id"):
			list = slices.DeleteFunc(slices.Clone(list), func(r entity) bool { return r.Domain != "" })
		}
		return s.collection(r, kind, list), nil
	}
}

func (d *directory) projectsAndDomains() []entity { return slices.Concat(d.Projects, d.Domains) }

// collection returns the answer with the members of list that the query selects.
func (s *Service) collection(r *resource.Request, kind string, list []entity) any {
	docs := make([]resource.Doc, len(list))
	for n := range list {
		docs[n] = s.view(kind, &list[n])
	}
	page, _ := listQuery.Select(docs, r.URL.Query())
	return map[string]any{kind: page, "links": s.links(kind)}
}

func (s *Service) show(kind string) resource.Handler {
	return func(r *resource.Request) (any, error) {
		known, id := s.known.Load(), r.PathValue("id")
		list := known.all(kind)
		if kind == projects {
			list = known.projectsAndDomains()
		}
		e := lookup(list, id, "")
		if e == nil {
			return nil, notFound(singular(kind), id)
		}
		return map[string]any{singular(kind): s.view(kind, e)}, nil
	}
}

// view returns a member of a collection as Keystone shows it.
func (s *Service) view(kind string, e *entity) resource.Doc {
	links := map[string]string{"self": s.self(kind + "/" + e.ID)}
	d := resource.Doc{"id": e.ID, "name": e.Name, "description": e.Description, "options": map[string]any{}, "links": links}
	switch kind {
	case regions:
		d = resource.Doc{"id": e.ID, "description": e.Description, "parent_region_id": nil, "links": links}
		maps.Copy(d, e.More)
		return d
	case roles:
		d["domain_id"] = nil
		if maps.Copy(d, e.More); e.Domain != "" {
			d["domain_id"] = e.Domain
		}
		return d
	case groups:
		delete(d, "options")
		maps.Copy(d, e.More)
		d["domain_id"] = e.domain()
		return d
	case domains:
		d["tags"] = []any{}
		maps.Copy(d, e.More)
		d["enabled"] = !e.Disabled
		return d
	case users:
		if d["password_expires_at"] = nil; e.Description == "" {
			delete(d, "description")
		}
	case projects:
		d["is_domain"], d["parent_id"], d["tags"] = false, e.domain(), []any{}
	}
	maps.Copy(d, e.More)
	d["enabled"], d["domain_id"] = !e.Disabled, e.domain()
	if kind == projects && e.Root {
		d["is_domain"], d["parent_id"], d["domain_id"] = true, nil, nil
	}
	return d
}

func (s *Service) create(kind string) resource.Handler {
	return func(r *resource.Request) (any, error) {
		in, err := body(r, kind)
		if err != nil {
			return nil, err
		}
		if resource.Text(in, "name") == "" && kind != regions {
			return nil, refuse(http.StatusBadRequest, "'name' is a required property")
		}
		return s.write(kind, "", in)
	}
}

func (s *Service) update(kind string) resource.Handler {
	return func(r *resource.Request) (any, error) {
		in, err := body(r, kind)
		if err != nil {
			return nil, err
		}
		return s.write(kind, r.PathValue("id"), in)
	}
}

// body returns the object below the singular of a kind in the request's body. It must not be
// empty.
func body(r *resource.Request, kind string) (resource.Doc, error) {
	var q map[string]resource.Doc
	if err := read(r, &q); err != nil {
		return nil, refuse(http.StatusBadRequest, "The body is not JSON of a %s.", singular(kind))
	}
	return q[singular(kind)], nil
}

// write changes the member of a collection with an id, or creates one for "", and returns its
// view.
func (s *Service) write(kind, id string, in resource.Doc) (any, error) {
	var out entity
	err := s.change(func(d *directory) error {
		e, err := d.write(kind, id, in)
		if err == nil {
			out = *e
		}
		return err
	})
	return map[string]any{singular(kind): s.view(kind, &out)}, err
}

func (d *directory) write(kind, id string, in resource.Doc) (*entity, error) {
	kept := d.keptAs(kind, id, in)
	e, u := d.entry(kept, id)
	if e == nil {
		return nil, notFound(singular(kind), id)
	}
	if u != nil {
		set(&u.Password, in, "password")
	}
	e.Root = kept == domains
	if kind == regions {
		if err := d.placeRegion(e, in, id == ""); err != nil {
			return nil, err
		}
	}
	name, domain := resource.Text(in, "name"), e.Domain
	if id == "" && kept != domains {
		domain = resource.Text(in, "domain_id")
	}
	if name != "" && d.taken(kept, name, domain, e.ID) {
		return nil, refuse(http.StatusConflict,
			"Conflict occurred attempting to store %s - Duplicate entry found with name %s at domain ID %s.", singular(kind), name,
			cmp.Or(domain, defaultDomain))
	}
	if kind == roles && id != "" && name != "" {
		d.renameRole(e.Name, name)
	}
	if id == "" && domain != "" && kept != domains {
		if lookup(d.Domains, domain, "") == nil {
			return nil, notFound("domain", domain)
		}
		e.Domain = domain
	}
	e.fill(in)
	return e, nil
}

// keptAs returns the collection that stores an entity: projects with is_domain are domains.
func (d *directory) keptAs(kind, id string, in resource.Doc) string {
	if kind == projects && (id == "" && resource.Bool(in, "is_domain") || id != "" && lookup(d.Domains, id, "") != nil) {
		return domains
	}
	return kind
}

// entry returns the member of a collection with an id, or appends one for "". u is set for users
// and groups.
func (d *directory) entry(kind, id string) (e *entity, u *user) {
	if list := d.entities(kind); list != nil {
		if id != "" {
			return lookup(*list, id, ""), nil
		}
		*list = append(*list, entity{ID: newID()})
		return &(*list)[len(*list)-1], nil
	}
	list := d.holders(kind)
	if id != "" {
		if u = lookupUser(*list, id, ""); u == nil {
			return nil, nil
		}
		return &u.entity, u
	}
	*list = append(*list, user{entity: entity{ID: newID()}, Roles: map[string][]string{}})
	u = &(*list)[len(*list)-1]
	return &u.entity, u
}

// newID returns a new id in Keystone's form.
func newID() string { return strings.ReplaceAll(uuid.NewString(), "-", "") }

// taken tells whether another member of a collection than the one with an id has a name in a
// domain; "" is the default domain. Names of roles are unique in all domains here, because
// assignments contain them.
func (d *directory) taken(kind, name, domain, id string) bool {
	return slices.ContainsFunc(d.all(kind), func(e entity) bool {
		return e.Name == name && e.ID != id && (kind == roles || e.domain() == cmp.Or(domain, defaultDomain))
	})
}

// placeRegion sets the id of a new region from the body. The parent region must exist.
func (d *directory) placeRegion(e *entity, in resource.Doc, isNew bool) error {
	if id := resource.Text(in, "id"); isNew && id != "" {
		if lookup(d.Regions, id, "") != nil {
			return refuse(http.StatusConflict, "Conflict occurred attempting to store region - Duplicate ID, %s.", id)
		}
		e.ID = id
	}
	if parent := resource.Text(in, "parent_region_id"); parent != "" && lookup(d.Regions, parent, "") == nil {
		return notFound("region", parent)
	}
	return nil
}

// ownFields are the fields of bodies that entity.More does not contain.
var ownFields = []string{"id", "name", "description", "password", "enabled", "domain_id", "links", "is_domain", "original_password"}

// fill changes the fields in a body. null removes a field, or one option of options.
func (e *entity) fill(in resource.Doc) {
	set(&e.Name, in, "name")
	set(&e.Description, in, "description")
	if _, given := in["enabled"]; given {
		e.Disabled = !resource.Bool(in, "enabled")
	}
	more := maps.Clone(e.More)
	for field, value := range in {
		if slices.Contains(ownFields, field) {
			continue
		}
		if given, ok := value.(resource.Doc); ok && field == "options" {
			value = mergeOptions(resource.Object(more, field), given)
		}
		if more == nil {
			more = map[string]any{}
		}
		if more[field] = value; value == nil {
			delete(more, field)
		}
	}
	e.More = more
}

func set(to *string, in resource.Doc, field string) {
	if text, given := in[field].(string); given {
		*to = text
	}
}

// mergeOptions returns options with the given changes.
func mergeOptions(before, given resource.Doc) resource.Doc {
	all := maps.Clone(before)
	maps.Copy(all, given)
	maps.DeleteFunc(all, func(_ string, value any) bool { return value == nil })
	return all
}

func (s *Service) delete(kind string) resource.Handler {
	return func(r *resource.Request) (any, error) {
		return nil, s.change(func(d *directory) error {
			id := r.PathValue("id")
			if kind == regions && s.regionInUse(d, id) {
				return refuse(http.StatusForbidden,
					"Unable to delete region %s because it or its child regions have associated endpoints.", id)
			}
			return d.remove(kind, id)
		})
	}
}

func (d *directory) remove(kind, id string) error {
	kind = d.keptAs(kind, id, nil)
	if list := d.holders(kind); list != nil {
		return d.removeHolder(list, kind, id)
	}
	list := d.entities(kind)
	e := lookup(*list, id, "")
	switch {
	case e == nil:
		return notFound(singular(kind), id)
	case kind == domains && !e.Disabled:
		return refuse(http.StatusForbidden, "Cannot delete a domain that is enabled, please disable it first.")
	case kind == domains:
		d.Users = slices.DeleteFunc(d.Users, func(u user) bool { return u.domain() == id })
		d.Groups = slices.DeleteFunc(d.Groups, func(g user) bool { return g.domain() == id })
		d.Projects = slices.DeleteFunc(d.Projects, func(p entity) bool { return p.domain() == id })
	case kind == roles:
		d.renameRole(e.Name, "")
	}
	*list = slices.DeleteFunc(*list, func(e entity) bool { return e.ID == id })
	return nil
}

func (d *directory) removeHolder(list *[]user, kind, id string) error {
	before := len(*list)
	*list = slices.DeleteFunc(*list, func(u user) bool { return u.ID == id })
	if before == len(*list) {
		return notFound(singular(kind), id)
	}
	d.Credentials = slices.DeleteFunc(d.Credentials, func(c credential) bool { return c.User == id })
	return nil
}
