package image

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

// part is a list in a namespace whose members have names: objects, tags, or resource types.
type part struct {
	field string // of the namespace
	path  string // the last element of the paths
	// what is the name of the schema in errors, of the operation in refusals, and noun in messages.
	what, noun, action string
	fields             []string // that a client sets
	exists             string   // the error for a name that exists, with the name and the namespace
	view               func(namespace string, d resource.Doc) resource.Doc
}

var (
	objects = part{field: "objects", path: "objects", what: "object", noun: "metadata object", action: "metadef_object",
		fields: []string{"name", "description", "required", "properties"},
		exists: "A metadata definition object with name=%s already exists in namespace=%s.", view: viewObject}
	tags = part{field: "tags", path: "tags", what: "tag", noun: "metadata tag", action: "metadef_tag", fields: []string{"name"},
		exists: "A metadata tag with name=%s already exists in namespace=%s. (Please note that metadata tag names are case insensitive).",
		view:   viewPart}
	types = part{field: "resource_type_associations", path: "resource_types", what: "resource_type_association", noun: "resource type",
		action: "metadef_resource_type_association", fields: []string{"name", "prefix", "properties_target"},
		exists: "The metadata definition resource-type association of resource-type=%s to namespace=%s already exists.", view: viewPart}
)

func viewPart(_ string, d resource.Doc) resource.Doc { return resource.Shown(d) }

func viewObject(namespace string, d resource.Doc) resource.Doc {
	out := resource.Shown(d)
	out["required"], out["properties"] = resource.List(d, "required"), resource.Object(d, "properties")
	out["self"] = "/v2/metadefs/namespaces/" + namespace + "/objects/" + resource.Text(d, "name")
	out["schema"] = "/v2/schemas/metadefs/object"
	return out
}

// tagNames returns tags as lists show them, the newest first.
func tagNames(tags []resource.Doc) []any {
	list := []any{}
	for _, t := range slices.Backward(tags) {
		list = append(list, resource.Doc{"name": t["name"]})
	}
	return list
}

func (s *Service) definitionRoutes() {
	for _, p := range []part{objects, tags, types} {
		all := "/v2/metadefs/namespaces/{namespace}/" + p.path
		one := all + "/{name}"
		s.mux.Handle("GET "+all, s.listParts(p))
		s.mux.Handle("DELETE "+one, s.deletePart(p))
		if p.path == types.path {
			s.mux.Handle("POST "+all, s.createPart(p))
			continue
		}
		s.mux.Handle("DELETE "+all, s.deleteParts(p.field, []any{}))
		s.mux.Handle("GET "+one, s.showPart(p))
		s.mux.Handle("PUT "+one, s.updatePart(p))
	}
	s.mux.Handle("POST /v2/metadefs/namespaces/{namespace}/objects", s.createPart(objects))
	s.mux.Handle("POST /v2/metadefs/namespaces/{namespace}/tags", s.createTags)
	s.mux.Handle("POST /v2/metadefs/namespaces/{namespace}/tags/{name}", s.createPart(tags))

	const all, one = "/v2/metadefs/namespaces/{namespace}/properties", "/v2/metadefs/namespaces/{namespace}/properties/{name}"
	s.mux.Handle("GET "+all, s.listProperties)
	s.mux.Handle("POST "+all, s.createProperty)
	s.mux.Handle("DELETE "+all, s.deleteParts("properties", resource.Doc{}))
	s.mux.Handle("GET "+one, s.showProperty)
	s.mux.Handle("PUT "+one, s.updateProperty)
	s.mux.Handle("DELETE "+one, s.deleteProperty)
}

// index returns the place of the part with a name, or -1. The names of tags ignore case.
func (p part) index(d resource.Doc, name string) int {
	return slices.IndexFunc(resource.Docs(d, p.field), func(o resource.Doc) bool {
		return o["name"] == name || p.field == tags.field && strings.EqualFold(resource.Text(o, "name"), name)
	})
}

func (p part) missing(name string) error {
	return resource.Errorf(http.StatusNotFound, "NotFound", "Could not find %s %s", p.noun, name)
}

func (s *Service) listParts(p part) resource.Handler {
	return func(r *resource.Request) (any, error) {
		d, err := s.namespace(r)
		if err != nil {
			return nil, err
		}
		list := []any{}
		for _, o := range resource.Docs(d, p.field) {
			list = append(list, p.view(resource.Text(d, "namespace"), o))
		}
		if p.field == tags.field {
			list = tagNames(resource.Docs(d, p.field))
		}
		if n, err := strconv.Atoi(r.URL.Query().Get("limit")); err == nil && n >= 0 && n < len(list) {
			list = list[:n]
		}
		out := map[string]any{p.field: list}
		if p.field == objects.field {
			out["schema"] = "v2/schemas/metadefs/objects"
		}
		return out, nil
	}
}

// createPart adds a part to a namespace. Its name is in the body, or for a tag in the path.
func (s *Service) createPart(p part) resource.Handler {
	return func(r *resource.Request) (any, error) {
		in := resource.Doc{"name": r.PathValue("name")}
		if in["name"] == "" {
			var err error
			if in, err = definition(r, p.what, p.fields[:1], p.fields); err != nil {
				return nil, err
			}
		}
		in = maps.Clone(in)
		in["created_at"], in["updated_at"] = s.o.Store.Now(), s.o.Store.Now()
		_, err := s.changeNamespace(r, "add_"+p.action, func(d resource.Doc) error {
			if name := resource.Text(in, "name"); p.index(d, name) >= 0 {
				return conflict(p.exists, name, d["namespace"])
			}
			d[p.field] = append(slices.Clone(resource.List(d, p.field)), in)
			return nil
		})
		out := p.view(r.PathValue("namespace"), in)
		return out, err
	}
}

// createTags adds tags to those of a namespace, or replaces them without the header
// X-Openstack-Append.
func (s *Service) createTags(r *resource.Request) (any, error) {
	body, err := r.Body("")
	if err != nil {
		return nil, err
	}
	appending, now := strings.EqualFold(r.Header.Get("X-Openstack-Append"), "true"), s.o.Store.Now()
	names := []any{}
	_, err = s.changeNamespace(r, "add_metadef_tags", func(d resource.Doc) error {
		if !appending {
			d[tags.field] = []any{}
		}
		for _, t := range resource.Docs(body, "tags") {
			if tags.index(d, resource.Text(t, "name")) >= 0 {
				return conflict(tags.exists, t["name"], d["namespace"])
			}
			names = append(names, resource.Doc{"name": t["name"]})
			d[tags.field] = append(slices.Clone(resource.List(d, tags.field)),
				resource.Doc{"name": t["name"], "created_at": now, "updated_at": now})
		}
		return nil
	})
	return map[string]any{tags.field: names}, err
}

func (s *Service) showPart(p part) resource.Handler {
	return func(r *resource.Request) (any, error) {
		d, err := s.namespace(r)
		if err != nil {
			return nil, err
		}
		n := p.index(d, r.PathValue("name"))
		if n < 0 {
			return nil, p.missing(r.PathValue("name"))
		}
		return p.view(resource.Text(d, "namespace"), resource.Docs(d, p.field)[n]), nil
	}
}

func (s *Service) updatePart(p part) resource.Handler {
	return func(r *resource.Request) (any, error) {
		in, err := definition(r, p.what, p.fields[:1], p.fields)
		if err != nil {
			return nil, err
		}
		in = maps.Clone(in)
		_, err = s.changeNamespace(r, "modify_"+p.action, func(d resource.Doc) error {
			n, other := p.index(d, r.PathValue("name")), p.index(d, resource.Text(in, "name"))
			if n < 0 {
				return p.missing(r.PathValue("name"))
			}
			if other >= 0 && other != n {
				return conflict(p.exists, in["name"], d["namespace"])
			}
			list := slices.Clone(resource.List(d, p.field))
			in["created_at"], in["updated_at"] = resource.Docs(d, p.field)[n]["created_at"], s.o.Store.Now()
			list[n] = in
			d[p.field] = list
			return nil
		})
		return p.view(r.PathValue("namespace"), in), err
	}
}

func (s *Service) deletePart(p part) resource.Handler {
	return func(r *resource.Request) (any, error) {
		_, err := s.changeNamespace(r, "delete_"+p.action, func(d resource.Doc) error {
			n := p.index(d, r.PathValue("name"))
			switch {
			case n < 0 && p.field == types.field:
				return resource.Errorf(http.StatusNotFound, "NotFound", "Failed to find resource type %s to delete", r.PathValue("name"))
			case n < 0:
				return p.missing(r.PathValue("name"))
			}
			d[p.field] = slices.Delete(slices.Clone(resource.List(d, p.field)), n, n+1)
			return nil
		})
		return nil, err
	}
}

// deleteParts returns a handler that empties a field of a namespace.
func (s *Service) deleteParts(field string, empty any) resource.Handler {
	return func(r *resource.Request) (any, error) {
		_, err := s.changeNamespace(r, "delete_metadef_namespace", func(d resource.Doc) error { d[field] = empty; return nil })
		return nil, err
	}
}

func (s *Service) listProperties(r *resource.Request) (any, error) {
	d, err := s.namespace(r)
	return map[string]any{"properties": resource.Object(d, "properties")}, err
}

// propertyFields are the fields of properties.
var propertyFields = []string{"name", "title", "type", "description", "operators", "default", "readonly", "minimum", "maximum", "enum",
	"pattern", "minLength", "maxLength", "items", "uniqueItems", "minItems", "maxItems", "additionalItems", "required", "confidential"}

// propertyTypes are the types of properties.
var propertyTypes = []string{"array", "boolean", "integer", "number", "object", "string"}

func propertyOf(r *resource.Request) (resource.Doc, error) {
	in, err := definition(r, "property", []string{"name", "type", "title"}, propertyFields)
	if err == nil && !slices.Contains(propertyTypes, resource.Text(in, "type")) {
		err = badRequest("Provided object does not match schema 'property': '%v' is not one of ['%s', None]", in["type"],
			strings.Join(propertyTypes, "', '"))
	}
	return in, err
}

func noProperty(name string) error {
	return resource.Errorf(http.StatusNotFound, "NotFound", "Could not find property %s", name)
}

func propertyExists(name any, d resource.Doc) error {
	return conflict("A metadata definition property with name=%s already exists in namespace=%s.", name, d["namespace"])
}

// changeProperties stores what f makes of the properties of a namespace.
func (s *Service) changeProperties(r *resource.Request, action string, f func(d, properties resource.Doc) error) error {
	_, err := s.changeNamespace(r, action, func(d resource.Doc) error {
		properties := maps.Clone(resource.Object(d, "properties"))
		d["properties"] = properties
		return f(d, properties)
	})
	return err
}

func (s *Service) createProperty(r *resource.Request) (any, error) {
	in, err := propertyOf(r)
	if err != nil {
		return nil, err
	}
	return in, s.changeProperties(r, "add_metadef_property", func(d, properties resource.Doc) error {
		name := resource.Text(in, "name")
		if properties[name] != nil {
			return propertyExists(name, d)
		}
		properties[name] = in
		return nil
	})
}

// showProperty shows a property by its name, or by its name with the prefix of resource_type.
func (s *Service) showProperty(r *resource.Request) (any, error) {
	d, err := s.namespace(r)
	if err != nil {
		return nil, err
	}
	name := strings.TrimPrefix(r.PathValue("name"), prefixOf(d, r.URL.Query().Get("resource_type")))
	p, there := resource.Object(d, "properties")[name].(resource.Doc)
	if !there {
		return nil, noProperty(r.PathValue("name"))
	}
	p = maps.Clone(p)
	p["name"] = name
	return p, nil
}

func (s *Service) updateProperty(r *resource.Request) (any, error) {
	in, err := propertyOf(r)
	if err != nil {
		return nil, err
	}
	return in, s.changeProperties(r, "modify_metadef_property", func(d, properties resource.Doc) error {
		old, name := r.PathValue("name"), resource.Text(in, "name")
		if properties[old] == nil {
			return noProperty(old)
		}
		if name != old && properties[name] != nil {
			return propertyExists(name, d)
		}
		delete(properties, old)
		properties[name] = in
		return nil
	})
}

func (s *Service) deleteProperty(r *resource.Request) (any, error) {
	return nil, s.changeProperties(r, "delete_metadef_property", func(_, properties resource.Doc) error {
		name := r.PathValue("name")
		if properties[name] == nil {
			return noProperty(name)
		}
		delete(properties, name)
		return nil
	})
}
