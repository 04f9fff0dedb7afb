package identity

import (
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

// service is a service of the cloud at a path of the cloud's address.
type service struct{ name, kind, path string }

var cloud = []service{
	{"keystone", "identity", "/identity/v3"}, {"nova", "compute", "/v2.1"}, {"glance", "image", "/image"},
	{"neutron", "network", "/network"}, {"cinder", "block-storage", "/volume/v3"}, {"cinderv3", "volumev3", "/volume/v3"},
	{"manila", "shared-file-system", "/share/v2"}, {"manilav2", "sharev2", "/share/v2"}, {"placement", "placement", "/placement"},
}

func (s service) id() string { return nameID("service-", s.name) }

func (s service) endpoint(of string) string { return nameID(s.name, of) }

// interfaces are the interfaces of the endpoints of each service.
var interfaces = []string{"public", "internal", "admin"}

// The kinds of documents of the catalog. A document of a service or an endpoint of the cloud
// replaces it; with the field removed it takes it away.
const (
	services  = "services"
	endpoints = "endpoints"
	removed   = "_removed"
)

func (s *Service) catalogRoutes() []route {
	var list []route
	for _, kind := range []string{services, endpoints} {
		all, one := "/v3/"+kind, "/v3/"+kind+"/{id}"
		list = append(list,
			route{"GET", all, admins, s.listCatalog(kind)},
			route{"POST", all, admins, s.writeCatalog(kind)},
			route{"GET", one, admins, s.showInCatalog(kind)},
			route{"PATCH", one, admins, s.writeCatalog(kind)},
			route{"DELETE", one, admins, s.deleteFromCatalog(kind)})
	}
	return list
}

// inCatalog returns the services or the endpoints of a directory: first those of the cloud.
func (s *Service) inCatalog(d *directory, kind string) []resource.Doc {
	var list []resource.Doc
	for _, one := range cloud {
		if kind == services {
			list = append(list, resource.Doc{"id": one.id(), "type": one.kind, "name": one.name, "enabled": true})
			continue
		}
		for _, of := range interfaces {
			list = append(list, resource.Doc{"id": one.endpoint(of), "interface": of, "region": Region, "region_id": Region,
				"service_id": one.id(), "url": s.o.URL + one.path, "enabled": true})
		}
	}
	own := map[any]bool{}
	for n, one := range list {
		if changed := d.document(kind, resource.Text(one, "id")); changed != nil {
			list[n], own[one["id"]] = changed, true
		}
	}
	for _, one := range d.Documents[kind] {
		if !own[one["id"]] {
			list = append(list, one)
		}
	}
	return slices.DeleteFunc(list, func(one resource.Doc) bool { return resource.Bool(one, removed) })
}

// entryOf returns a service or an endpoint by id, or nil.
func (s *Service) entryOf(d *directory, kind, id string) resource.Doc {
	for _, one := range s.inCatalog(d, kind) {
		if one["id"] == id {
			return one
		}
	}
	return nil
}

func (s *Service) viewEntry(kind string, d resource.Doc) resource.Doc {
	out := resource.Shown(d)
	out["links"] = map[string]any{"self": s.self(kind + "/" + resource.Text(d, "id"))}
	return out
}

// catalog returns the enabled services with their enabled endpoints in the form of tokens. A
// project with endpoints of its own has only these.
func (s *Service) catalog(project, user string) []any {
	d := s.known.Load()
	of, chosen := map[any][]any{}, s.endpointsOfProject(d, project)
	for _, one := range s.inCatalog(d, endpoints) {
		text, ok := fillURL(resource.Text(one, "url"), project, user)
		isChosen := slices.ContainsFunc(chosen, func(c resource.Doc) bool { return c["id"] == one["id"] })
		if !ok || !resource.Bool(one, "enabled") || len(chosen) > 0 && !isChosen {
			continue
		}
		view := maps.Clone(one)
		view["url"] = text
		delete(view, "service_id")
		delete(view, "enabled")
		of[one["service_id"]] = append(of[one["service_id"]], view)
	}
	list := []any{}
	for _, one := range s.inCatalog(d, services) {
		if !resource.Bool(one, "enabled") {
			continue
		}
		if of[one["id"]] == nil {
			of[one["id"]] = []any{}
		}
		list = append(list, map[string]any{"id": one["id"], "type": one["type"], "name": one["name"], "endpoints": of[one["id"]]})
	}
	return list
}

// variable is a name in the URL of an endpoint: %(project_id)s or $(project_id)s.
var variable = regexp.MustCompile(`[%$]\((\w*)\)s`)

// fillURL replaces the names in the URL of an endpoint. ok is false for unknown names, and for the
// id of the project without a project.
func fillURL(text, project, user string) (out string, ok bool) {
	ok = true
	values := map[string]string{"project_id": project, "tenant_id": project, "user_id": user}
	out = variable.ReplaceAllStringFunc(text, func(m string) string {
		value := values[m[2:len(m)-2]]
		ok = ok && value != ""
		return value
	})
	return out, ok
}

func (s *Service) showCatalog(r *resource.Request) (any, error) {
	return map[string]any{"catalog": s.catalog(r.Caller.ProjectID, r.Caller.UserID), "links": map[string]any{}}, nil
}

func (s *Service) listCatalog(kind string) resource.Handler {
	return func(r *resource.Request) (any, error) {
		return s.entries(kind, s.inCatalog(s.known.Load(), kind), r.URL.Query()), nil
	}
}

// entries returns the answer with the services or endpoints of a list that a query selects.
func (s *Service) entries(kind string, list []resource.Doc, query url.Values) any {
	var views []resource.Doc
	for _, one := range list {
		views = append(views, s.viewEntry(kind, one))
	}
	page, _ := listQuery.Select(views, query)
	return map[string]any{kind: page, "links": s.links(kind)}
}

func (s *Service) showInCatalog(kind string) resource.Handler {
	return func(r *resource.Request) (any, error) {
		id := r.PathValue("id")
		d := s.entryOf(s.known.Load(), kind, id)
		if d == nil {
			return nil, notFound(singular(kind), id)
		}
		return map[string]any{singular(kind): s.viewEntry(kind, d)}, nil
	}
}

// writeCatalog changes the service or endpoint in the path, or creates one without an id there.
func (s *Service) writeCatalog(kind string) resource.Handler {
	return func(r *resource.Request) (any, error) {
		in, err := body(r, kind)
		if err != nil {
			return nil, err
		}
		if len(in) == 0 {
			return nil, refuse(http.StatusBadRequest, "Invalid input for field/attribute %s. Value: {}. {} should be non-empty", singular(kind))
		}
		var out resource.Doc
		err = s.change(func(d *directory) error {
			var err error
			out, err = s.entryWith(d, kind, r.PathValue("id"), in)
			if err == nil {
				d.put(kind, out)
			}
			return err
		})
		return map[string]any{singular(kind): s.viewEntry(kind, out)}, err
	}
}

// entryWith returns the service or endpoint with an id, or for "" a new one, with the fields of a
// body.
func (s *Service) entryWith(d *directory, kind, id string, in resource.Doc) (resource.Doc, error) {
	out, required := resource.Doc{"id": newID(), "enabled": true, "name": ""}, []string{"type"}
	if kind == endpoints {
		out, required = resource.Doc{"id": newID(), "enabled": true, "region_id": nil}, []string{"service_id", "interface", "url"}
	}
	if id != "" {
		if out = maps.Clone(s.entryOf(d, kind, id)); out == nil {
			return nil, notFound(singular(kind), id)
		}
	}
	for field, value := range in {
		if field != "id" && field != "links" {
			out[field] = value
		}
	}
	for _, field := range required {
		switch value, there := out[field]; {
		case !there:
			return nil, refuse(http.StatusBadRequest, "'%s' is a required property", field)
		case value == "":
			return nil, refuse(http.StatusBadRequest, "Invalid input for field/attribute %s. Value: . '' should be non-empty", field)
		}
	}
	if kind == services {
		return out, nil
	}
	return out, s.checkEndpoint(d, out, in)
}

var anyURL = regexp.MustCompile(`^[a-zA-Z0-9+.-]+:.+`)

// checkEndpoint sets the region of an endpoint from the body, and checks what the endpoint refers
// to. The old field region creates a region that does not exist.
func (s *Service) checkEndpoint(d *directory, e, in resource.Doc) error {
	const absent = "Expecting to find endpoint %s in %s table. The server could not comply with the request since it is either " +
		"malformed or otherwise incorrect. The client is assumed to be in error."
	if region := resource.Text(in, "region"); region != "" && in["region_id"] == nil {
		if lookup(d.Regions, region, "") == nil {
			d.Regions = append(d.Regions, entity{ID: region})
		}
		e["region_id"] = region
	}
	e["region"] = e["region_id"]
	text := resource.Text(e, "url")
	_, ok := fillURL(text, "p", "u")
	region := resource.Text(e, "region_id")
	switch {
	case !slices.Contains(interfaces, resource.Text(e, "interface")):
		return refuse(http.StatusBadRequest, "Invalid input for field/attribute interface. Value: %v. '%[1]v' is not one of "+
			"['admin', 'internal', 'public']", e["interface"])
	case !anyURL.MatchString(text):
		return refuse(http.StatusBadRequest, "Invalid input for field/attribute url. Value: %s. '%[1]s' does not match '%s'", text, anyURL)
	case !ok || strings.Contains(variable.ReplaceAllString(text, ""), "%("):
		return refuse(http.StatusBadRequest, "Cannot create an endpoint with an invalid URL: %s.", text)
	case s.entryOf(d, services, resource.Text(e, "service_id")) == nil:
		return refuse(http.StatusBadRequest, absent, "service_id", "service")
	case region != "" && lookup(d.Regions, region, "") == nil:
		return refuse(http.StatusBadRequest, absent, "region_id", "region")
	}
	return nil
}

// deleteFromCatalog deletes an endpoint, or a service with its endpoints.
func (s *Service) deleteFromCatalog(kind string) resource.Handler {
	return func(r *resource.Request) (any, error) {
		id := r.PathValue("id")
		return nil, s.change(func(d *directory) error {
			if s.entryOf(d, kind, id) == nil {
				return notFound(singular(kind), id)
			}
			for _, e := range s.inCatalog(d, endpoints) {
				if kind == services && e["service_id"] == id {
					s.take(d, endpoints, resource.Text(e, "id"))
				}
			}
			s.take(d, kind, id)
			return nil
		})
	}
}

// take removes a service or an endpoint. What the cloud always has is replaced by a mark.
func (s *Service) take(d *directory, kind, id string) {
	d.drop(kind, id)
	if s.entryOf(d, kind, id) != nil {
		d.put(kind, resource.Doc{"id": id, removed: true})
	}
}

// regionInUse tells whether endpoints are in a region.
func (s *Service) regionInUse(d *directory, id string) bool {
	return slices.ContainsFunc(s.inCatalog(d, endpoints), func(e resource.Doc) bool { return e["region_id"] == id })
}

// ResetCatalog removes all changes of the services and the endpoints.
func (s *Service) ResetCatalog() error {
	if s.known.Load().Documents == nil {
		return nil
	}
	return s.change(func(d *directory) error {
		d.Documents = maps.Clone(d.Documents)
		for _, kind := range []string{services, endpoints, endpointGroups, groupsOfProjects, endpointsOfProjects} {
			delete(d.Documents, kind)
		}
		return nil
	})
}
