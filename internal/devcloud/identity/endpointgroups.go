package identity

import (
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

// The kinds of documents of Keystone's extension OS-EP-FILTER: groups of endpoints, and what is
// associated with projects. The id of an association is "PROJECT/ID".
const (
	endpointGroups      = "endpoint_groups"
	groupsOfProjects    = "project_endpoint_groups"
	endpointsOfProjects = "project_endpoints"
)

// groupFilters are the fields of endpoints that groups select by.
var groupFilters = []string{"service_id", "region_id", "interface"}

func (s *Service) endpointGroupRoutes() []route {
	const all, one = "/v3/OS-EP-FILTER/endpoint_groups", "/v3/OS-EP-FILTER/endpoint_groups/{id}"
	const group, endpoint = one + "/projects/{project}", "/v3/OS-EP-FILTER/projects/{project}/endpoints/{id}"
	list := []route{
		{"GET", all, admins, s.listEndpointGroups},
		{"POST", all, admins, s.writeEndpointGroup},
		{"GET", one, admins, s.showEndpointGroup},
		{"PATCH", one, admins, s.writeEndpointGroup},
		{"DELETE", one, admins, s.deleteEndpointGroup},
		{"GET", one + "/endpoints", admins, s.listGroupEndpoints},
		{"GET", one + "/projects", admins, s.projectsWith(groupsOfProjects)},
		{"GET", group, admins, s.showGroupOfProject},
		{"GET", "/v3/OS-EP-FILTER/endpoints/{id}/projects", admins, s.projectsWith(endpointsOfProjects)},
		{"GET", endpoint, admins, s.checkEndpointOfProject},
		{"GET", "/v3/OS-EP-FILTER/projects/{project}/endpoints", admins, s.listEndpointsOfProject},
		{"GET", "/v3/OS-EP-FILTER/projects/{project}/endpoint_groups", admins, s.listGroupsOfProject},
	}
	for path, kind := range map[string]string{group: groupsOfProjects, endpoint: endpointsOfProjects} {
		list = append(list, route{"PUT", path, admins, s.associate(kind)}, route{"DELETE", path, admins, s.dissociate(kind)})
	}
	return list
}

func noEndpointGroup(id string) error { return notFound("Endpoint Group", id) }

func (s *Service) viewEndpointGroup(d resource.Doc) resource.Doc {
	out := resource.Shown(d)
	out["links"] = map[string]any{"self": s.self("OS-EP-FILTER/endpoint_groups/" + resource.Text(d, "id"))}
	return out
}

// endpointGroup returns the group in the path of a request.
func (s *Service) endpointGroup(r *resource.Request) (resource.Doc, error) {
	d := s.known.Load().document(endpointGroups, r.PathValue("id"))
	if d == nil {
		return nil, noEndpointGroup(r.PathValue("id"))
	}
	return d, nil
}

func (s *Service) listEndpointGroups(r *resource.Request) (any, error) {
	var list []resource.Doc
	for _, d := range s.known.Load().Documents[endpointGroups] {
		list = append(list, s.viewEndpointGroup(d))
	}
	page, _ := listQuery.Select(list, r.URL.Query())
	return map[string]any{endpointGroups: page, "links": s.links("OS-EP-FILTER/endpoint_groups")}, nil
}

func (s *Service) showEndpointGroup(r *resource.Request) (any, error) {
	d, err := s.endpointGroup(r)
	return map[string]any{"endpoint_group": s.viewEndpointGroup(d)}, err
}

// writeEndpointGroup changes the group in the path, or creates one without an id there.
func (s *Service) writeEndpointGroup(r *resource.Request) (any, error) {
	in, err := body(r, endpointGroups)
	if err != nil {
		return nil, err
	}
	out := resource.Doc{"id": newID(), "description": nil}
	err = s.change(func(d *directory) error {
		if id := r.PathValue("id"); id != "" {
			if out = maps.Clone(d.document(endpointGroups, id)); out == nil {
				return noEndpointGroup(id)
			}
		}
		for _, field := range []string{"name", "description", "filters"} {
			if value, given := in[field]; given {
				out[field] = value
			}
		}
		for _, field := range []string{"name", "filters"} {
			if out[field] == nil {
				return refuse(http.StatusBadRequest, "'%s' is a required property", field)
			}
		}
		for field := range resource.Object(out, "filters") {
			if !slices.Contains(groupFilters, field) {
				return refuse(http.StatusBadRequest, "Expecting to find service_id or region_id or interface in endpoint_group. The server could "+
					"not comply with the request since it is either malformed or otherwise incorrect. The client is assumed to be in error.")
			}
		}
		d.put(endpointGroups, out)
		return nil
	})
	return map[string]any{"endpoint_group": s.viewEndpointGroup(out)}, err
}

func (s *Service) deleteEndpointGroup(r *resource.Request) (any, error) {
	return nil, s.change(func(d *directory) error {
		id := r.PathValue("id")
		if d.document(endpointGroups, id) == nil {
			return noEndpointGroup(id)
		}
		for _, one := range d.Documents[groupsOfProjects] {
			if one["_id"] == id {
				d.drop(groupsOfProjects, resource.Text(one, "id"))
			}
		}
		d.drop(endpointGroups, id)
		return nil
	})
}

// endpointsOfGroup returns the endpoints that the filters of a group select.
func (s *Service) endpointsOfGroup(d *directory, group resource.Doc) []resource.Doc {
	return slices.DeleteFunc(s.inCatalog(d, endpoints), func(e resource.Doc) bool {
		for field, value := range resource.Object(group, "filters") {
			if e[field] != value {
				return true
			}
		}
		return false
	})
}

func (s *Service) listGroupEndpoints(r *resource.Request) (any, error) {
	group, err := s.endpointGroup(r)
	if err != nil {
		return nil, err
	}
	return s.entries(endpoints, s.endpointsOfGroup(s.known.Load(), group), nil), nil
}

// endpointsOfProject returns the endpoints that are associated with a project, also by groups.
func (s *Service) endpointsOfProject(d *directory, project string) []resource.Doc {
	var list []resource.Doc
	for _, one := range d.Documents[endpointsOfProjects] {
		if e := s.entryOf(d, endpoints, resource.Text(one, "_id")); e != nil && one["_project"] == project {
			list = append(list, e)
		}
	}
	for _, group := range groupsOf(d, project) {
		list = append(list, s.endpointsOfGroup(d, group)...)
	}
	return list
}

// groupsOf returns the groups of endpoints that are associated with a project.
func groupsOf(d *directory, project string) []resource.Doc {
	var list []resource.Doc
	for _, one := range d.Documents[groupsOfProjects] {
		if one["_project"] == project {
			list = append(list, d.document(endpointGroups, resource.Text(one, "_id")))
		}
	}
	return list
}

func (s *Service) listEndpointsOfProject(r *resource.Request) (any, error) {
	d, project := s.known.Load(), r.PathValue("project")
	if d.project(project, "") == nil {
		return nil, notFound("project", project)
	}
	return s.entries(endpoints, s.endpointsOfProject(d, project), nil), nil
}

func (s *Service) listGroupsOfProject(r *resource.Request) (any, error) {
	d, project := s.known.Load(), r.PathValue("project")
	if d.project(project, "") == nil {
		return nil, notFound("project", project)
	}
	list := []any{}
	for _, group := range groupsOf(d, project) {
		list = append(list, s.viewEndpointGroup(group))
	}
	return map[string]any{endpointGroups: list, "links": s.links("OS-EP-FILTER/projects/" + project + "/endpoint_groups")}, nil
}

// projectsWith lists the projects that the group or the endpoint in the path is associated with.
func (s *Service) projectsWith(kind string) resource.Handler {
	return func(r *resource.Request) (any, error) {
		d, list := s.known.Load(), []entity{}
		for _, one := range d.Documents[kind] {
			if p := d.project(resource.Text(one, "_project"), ""); p != nil && one["_id"] == r.PathValue("id") {
				list = append(list, *p)
			}
		}
		return s.collection(r, projects, list), nil
	}
}

// association returns the key of the association in the path of a request. The project, and the
// group or the endpoint, must exist.
func (s *Service) association(d *directory, kind string, r *resource.Request) (string, error) {
	id, project := r.PathValue("id"), r.PathValue("project")
	switch {
	case kind == groupsOfProjects && d.document(endpointGroups, id) == nil:
		return "", noEndpointGroup(id)
	case kind == endpointsOfProjects && s.entryOf(d, endpoints, id) == nil:
		return "", notFound("endpoint", id)
	case d.project(project, "") == nil:
		return "", notFound("project", project)
	}
	return project + "/" + id, nil
}

func (s *Service) associate(kind string) resource.Handler {
	return func(r *resource.Request) (any, error) {
		return noContent(s.change(func(d *directory) error {
			key, err := s.association(d, kind, r)
			if err != nil {
				return err
			}
			if d.document(kind, key) != nil {
				return refuse(http.StatusConflict, "Conflict occurred attempting to store %s - Duplicate entry.", singular(kind))
			}
			d.put(kind, resource.Doc{"id": key, "_project": r.PathValue("project"), "_id": r.PathValue("id")})
			return nil
		}))
	}
}

// notAssociated returns the error for an association that does not exist.
func notAssociated(kind string, r *resource.Request) error {
	if kind == groupsOfProjects {
		return refuse(http.StatusNotFound, "Endpoint Group Project Association not found")
	}
	return refuse(http.StatusNotFound, "Endpoint %s not found in project %s", r.PathValue("id"), r.PathValue("project"))
}

func (s *Service) dissociate(kind string) resource.Handler {
	return func(r *resource.Request) (any, error) {
		return nil, s.change(func(d *directory) error {
			key, err := s.association(d, kind, r)
			if err == nil && d.document(kind, key) == nil {
				err = notAssociated(kind, r)
			}
			d.drop(kind, key)
			return err
		})
	}
}

func (s *Service) showGroupOfProject(r *resource.Request) (any, error) {
	d := s.known.Load()
	key, err := s.association(d, groupsOfProjects, r)
	if err == nil && d.document(groupsOfProjects, key) == nil {
		err = notAssociated(groupsOfProjects, r)
	}
	id, project := r.PathValue("id"), r.PathValue("project")
	return map[string]any{"project_endpoint_group": map[string]any{"endpoint_group_id": id, "project_id": project,
		"links": map[string]any{"self": fmt.Sprintf("/OS-EP-FILTER/endpoint_groups/%s/projects/%s", id, project)}}}, err
}

func (s *Service) checkEndpointOfProject(r *resource.Request) (any, error) {
	d := s.known.Load()
	key, err := s.association(d, endpointsOfProjects, r)
	if err == nil && d.document(endpointsOfProjects, key) == nil {
		err = notAssociated(endpointsOfProjects, r)
	}
	return noContent(err)
}
