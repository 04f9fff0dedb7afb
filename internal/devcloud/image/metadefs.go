package image

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

// namespaces is the kind of the namespaces of metadata definitions. A namespace is stored as Glance
// shows one namespace: with its objects, properties, tags and resource types.
const namespaces = "metadef-namespaces"

// parts are the fields of a namespace that have operations of their own.
var parts = []string{"objects", "properties", "tags", "resource_type_associations"}

func (s *Service) namespaceRoutes() {
	const all, one = "/v2/metadefs/namespaces", "/v2/metadefs/namespaces/{namespace}"
	s.mux.Handle("GET "+all, s.listNamespaces)
	s.mux.Handle("POST "+all, s.createNamespace)
	s.mux.Handle("GET "+one, s.showNamespace)
	s.mux.Handle("PUT "+one, s.updateNamespace)
	s.mux.Handle("DELETE "+one, s.deleteNamespace)
	s.mux.Handle("GET /v2/metadefs/resource_types", s.listTypes)
	for _, name := range []string{"namespace", "object", "property", "tag", "resource_type"} {
		s.mux.Handle("GET /v2/schemas/metadefs/"+name, func(*resource.Request) (any, error) { return schema(name), nil })
		plural := strings.TrimSuffix(name, "y") + "s"
		if name == "property" {
			plural = "properties"
		}
		s.mux.Handle("GET /v2/schemas/metadefs/"+plural, func(*resource.Request) (any, error) { return schemas(name), nil })
	}
}

func conflict(format string, args ...any) error {
	return resource.Errorf(http.StatusConflict, "Conflict", format, args...)
}

func badRequest(format string, args ...any) error {
	return resource.Errorf(http.StatusBadRequest, "BadRequest", format, args...)
}

// namespace returns the namespace in the path of a request, if the caller may see it.
func (s *Service) namespace(r *resource.Request) (resource.Doc, error) {
	name := r.PathValue("namespace")
	d := s.o.Store.Get(namespaces, name)
	switch {
	case d == nil:
		return nil, resource.Errorf(http.StatusNotFound, "NotFound", "Metadata definition namespace=%s was not found.", name)
	case d["visibility"] != "public" && !r.Caller.Can(resource.Text(d, "owner")):
		return nil, resource.Errorf(http.StatusNotFound, "NotFound", "The resource could not be found.")
	}
	return d, nil
}

// changeNamespace stores what f makes of the namespace in the path of a request. Only
// administrators change metadata definitions.
func (s *Service) changeNamespace(r *resource.Request, action string, f func(resource.Doc) error) (resource.Doc, error) {
	d, err := s.namespace(r)
	if err != nil {
		return nil, err
	}
	if err := mayDefine(r, action); err != nil {
		return nil, err
	}
	return s.o.Store.Update(namespaces, resource.Text(d, "namespace"), f)
}

func mayDefine(r *resource.Request, action string) error {
	if r.Caller.Admin {
		return nil
	}
	return resource.Errorf(http.StatusForbidden, "Forbidden", "You are not authorized to complete %s action.", action)
}

// definition returns the body of a request, which must have the required fields and only known
// ones. what is the name of the schema in errors.
func definition(r *resource.Request, what string, required, known []string) (resource.Doc, error) {
	body, err := r.Body("")
	if err != nil {
		return nil, err
	}
	for _, field := range required {
		if _, there := body[field]; !there {
			return nil, badRequest("Provided object does not match schema '%s': '%s' is a required property", what, field)
		}
	}
	for _, field := range slices.Sorted(maps.Keys(body)) {
		switch {
		case slices.Contains([]string{"self", "schema", "created_at", "updated_at"}, field):
			return nil, resource.Errorf(http.StatusForbidden, "Forbidden", "Attribute '%s' is read-only.", field)
		case !slices.Contains(known, field):
			return nil, badRequest("Provided object does not match schema '%s': Additional properties are not allowed ('%s' was unexpected)",
				what, field)
		}
	}
	if name := required[0]; len(resource.Text(body, name)) > 80 {
		return nil, badRequest("Provided object does not match schema '%s': '%s' is too long", what, body[name])
	}
	return body, nil
}

// viewNamespace returns a namespace as Glance shows it, without the given fields.
func viewNamespace(d resource.Doc, without ...string) resource.Doc {
	out := resource.Shown(d)
	for _, field := range without {
		delete(out, field)
	}
	name := resource.Text(d, "namespace")
	out["self"], out["schema"] = "/v2/metadefs/namespaces/"+name, "/v2/schemas/metadefs/namespace"
	if objects := resource.Docs(out, "objects"); len(objects) > 0 {
		list := []any{}
		for _, o := range objects {
			list = append(list, viewObject(name, o))
		}
		out["objects"] = list
	}
	if tags := resource.Docs(out, "tags"); len(tags) > 0 {
		out["tags"] = tagNames(tags)
	}
	return out
}

func (s *Service) listNamespaces(r *resource.Request) (any, error) {
	values := r.URL.Query()
	if v := values.Get("visibility"); v != "" && v != "public" && v != "private" {
		return nil, badRequest("Invalid visibility value: %s", v)
	}
	if marker := values.Get("marker"); marker != "" && s.o.Store.Get(namespaces, marker) == nil {
		return nil, resource.Errorf(http.StatusNotFound, "NotFound", "Metadata definition namespace=%s was not found.", marker)
	}
	var seen []resource.Doc
	all := s.o.Store.All(namespaces)
	slices.Reverse(all) // the newest first
	for _, d := range all {
		if d["visibility"] == "public" || r.Caller.Can(resource.Text(d, "owner")) {
			d = viewNamespace(d, "objects", "properties", "tags")
			d["id"] = d["namespace"] // which markers are compared with
			seen = append(seen, d)
		}
	}
	page, more := namespaceQuery.Select(seen, values)
	for _, d := range page {
		delete(d, "id")
	}
	values.Del("marker")
	out := map[string]any{"namespaces": page, "schema": "/v2/schemas/metadefs/namespaces",
		"first": withQuery("/v2/metadefs/namespaces", values)}
	if more {
		values.Set("marker", resource.Text(page[len(page)-1], "namespace"))
		out["next"] = withQuery("/v2/metadefs/namespaces", values)
	}
	return out, nil
}

// withQuery returns a path with a query, if there is one.
func withQuery(path string, query url.Values) string {
	if len(query) == 0 {
		return path
	}
	return path + "?" + query.Encode()
}

var namespaceQuery = resource.Query{Only: []string{"visibility"}, Special: map[string]filter{
	"resource_types": func(d resource.Doc, values []string) bool {
		wanted := strings.Split(values[0], ",")
		return slices.ContainsFunc(resource.Docs(d, "resource_type_associations"), func(o resource.Doc) bool {
			return slices.Contains(wanted, resource.Text(o, "name"))
		})
	},
}}

// fieldsOfNamespace are the fields of a namespace that a client sets.
var fieldsOfNamespace = []string{"namespace", "display_name", "description", "visibility", "protected", "owner"}

func (s *Service) createNamespace(r *resource.Request) (any, error) {
	if err := mayDefine(r, "add_metadef_namespace"); err != nil {
		return nil, err
	}
	in, err := definition(r, "namespace", fieldsOfNamespace[:1], slices.Concat(fieldsOfNamespace, parts))
	if err != nil {
		return nil, err
	}
	now := s.o.Store.Now()
	in["created_at"], in["updated_at"] = now, now
	in["visibility"], in["protected"] = resource.Or(in, "visibility", "private"), resource.Or(in, "protected", false)
	in["owner"] = resource.Or(in, "owner", r.Caller.ProjectID)
	for _, part := range parts {
		if part == "properties" || in[part] == nil {
			continue
		}
		list := []any{}
		for _, o := range resource.Docs(in, part) {
			o = maps.Clone(o)
			o["created_at"], o["updated_at"] = now, now
			list = append(list, o)
		}
		in[part] = list
	}
	name := resource.Text(in, "namespace")
	d, err := s.o.Store.Create(namespaces, name, func([]resource.Doc) (resource.Doc, error) {
		if s.o.Store.Get(namespaces, name) != nil {
			return nil, conflict("The metadata definition namespace=%s already exists.", name)
		}
		return in, nil
	})
	if err != nil {
		return nil, err
	}
	return &resource.Reply{Status: http.StatusCreated, Body: viewNamespace(d),
		Header: map[string]string{"Location": s.o.URL + "/v2/metadefs/namespaces/" + name}}, nil
}

// showNamespace shows a namespace with its parts. With resource_type, the names of properties have
// the prefix of this type.
func (s *Service) showNamespace(r *resource.Request) (any, error) {
	d, err := s.namespace(r)
	if err != nil {
		return nil, err
	}
	out := viewNamespace(d)
	for _, part := range parts { // no empty lists
		if p, isMap := out[part].(resource.Doc); isMap && len(p) == 0 || !isMap && len(resource.List(out, part)) == 0 {
			delete(out, part)
		}
	}
	prefix := prefixOf(d, r.URL.Query().Get("resource_type"))
	if prefix == "" {
		return out, nil
	}
	if properties := resource.Object(out, "properties"); len(properties) > 0 {
		out["properties"] = prefixed(prefix, properties)
	}
	for _, o := range resource.Docs(out, "objects") {
		o["properties"] = prefixed(prefix, resource.Object(o, "properties"))
		required := []any{}
		for _, name := range resource.Strings(o, "required") {
			required = append(required, prefix+name)
		}
		o["required"] = required
	}
	return out, nil
}

// prefixOf returns the prefix that a namespace has for a resource type, or "".
func prefixOf(d resource.Doc, kind string) string {
	for _, o := range resource.Docs(d, "resource_type_associations") {
		if o["name"] == kind {
			return resource.Text(o, "prefix")
		}
	}
	return ""
}

func prefixed(prefix string, properties resource.Doc) resource.Doc {
	out := resource.Doc{}
	for name, p := range properties {
		out[prefix+name] = p
	}
	return out
}

// updateNamespace replaces the fields of a namespace; fields that are not in the body get their
// defaults, as in Glance.
func (s *Service) updateNamespace(r *resource.Request) (any, error) {
	in, err := definition(r, "namespace", fieldsOfNamespace[:1], slices.Concat(fieldsOfNamespace, parts))
	if err != nil {
		return nil, err
	}
	old, name := r.PathValue("namespace"), resource.Text(in, "namespace")
	if name != old && s.o.Store.Get(namespaces, name) != nil {
		return nil, conflict("Invalid update. It would result in a duplicate metadata definition namespace with the same name of %s", name)
	}
	d, err := s.changeNamespace(r, "modify_metadef_namespace", func(d resource.Doc) error {
		for _, field := range fieldsOfNamespace {
			if d[field] = in[field]; in[field] == nil {
				delete(d, field)
			}
		}
		d["visibility"], d["protected"] = resource.Or(in, "visibility", "private"), resource.Or(in, "protected", false)
		d["owner"], d["updated_at"] = resource.Or(in, "owner", r.Caller.ProjectID), s.o.Store.Now()
		return nil
	})
	if err == nil && name != old {
		if err = s.o.Store.Put(namespaces, name, d); err == nil {
			_, err = s.o.Store.Delete(namespaces, old)
		}
	}
	if err != nil {
		return nil, err
	}
	return viewNamespace(d, parts...), nil
}

func (s *Service) deleteNamespace(r *resource.Request) (any, error) {
	d, err := s.namespace(r)
	if err != nil {
		return nil, resource.Errorf(http.StatusNotFound, "NotFound", "Namespace %s not found", r.PathValue("namespace"))
	}
	if err := mayDefine(r, "delete_metadef_namespace"); err != nil {
		return nil, err
	}
	if resource.Bool(d, "protected") {
		return nil, resource.Errorf(http.StatusForbidden, "Forbidden", "Metadata definition namespace %s is protected and cannot be deleted.",
			d["namespace"])
	}
	_, err = s.o.Store.Delete(namespaces, resource.Text(d, "namespace"))
	return nil, err
}

// listTypes lists the resource types of all namespaces.
func (s *Service) listTypes(*resource.Request) (any, error) {
	list, seen := []any{}, map[any]bool{}
	for _, d := range s.o.Store.All(namespaces) {
		for _, o := range resource.Docs(d, "resource_type_associations") {
			if !seen[o["name"]] {
				list = append(list, resource.Doc{"name": o["name"], "created_at": o["created_at"], "updated_at": o["updated_at"]})
			}
			seen[o["name"]] = true
		}
	}
	return map[string]any{"resource_types": list}, nil
}
