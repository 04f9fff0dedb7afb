package volume

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

// Seed creates the volume types of a new cloud.
func (s *Service) Seed() error {
	for _, name := range []string{"__DEFAULT__", "multiattach"} {
		id := map[string]string{"__DEFAULT__": "7f3d2c1e-0000-4000-8000-000000000001",
			"multiattach": "7f3d2c1e-0000-4000-8000-000000000002"}[name]
		if s.o.Store.Get(types, id) != nil {
			continue
		}
		specs := resource.Doc{}
		if name == "multiattach" {
			specs["multiattach"] = "<is> True"
		}
		if err := s.o.Store.Put(types, id, typeDoc(id, name, resource.Doc{"extra_specs": specs})); err != nil {
			return err
		}
	}
	return nil
}

func typeDoc(id, name string, body resource.Doc) resource.Doc {
	public := resource.Or(body, "os-volume-type-access:is_public", true)
	return resource.Doc{"id": id, "name": name, "description": body["description"], "is_public": public,
		"os-volume-type-access:is_public": public,
		"extra_specs":                     resource.Object(body, "extra_specs"), "qos_specs_id": nil}
}

// typeNamed returns a volume type by id or name, or for "" the default type.
func (s *Service) typeNamed(name string) resource.Doc {
	if name == "" {
		name = "__DEFAULT__"
	}
	if d := s.o.Store.Get(types, name); d != nil {
		return d
	}
	for _, d := range s.o.Store.Find(types, "name", name) {
		return d
	}
	return nil
}

func multiattach(kind resource.Doc) bool {
	return resource.Object(kind, "extra_specs")["multiattach"] == "<is> True"
}

// seesType tells whether a caller may use a volume type. A private type requires that the project
// has access.
func seesType(r *resource.Request, d resource.Doc) bool {
	return r.Caller.Admin || resource.Bool(d, "is_public") || slices.Contains(resource.Strings(d, "_projects"), r.Caller.ProjectID)
}

func (s *Service) listTypes(r *resource.Request) (any, error) {
	var seen []resource.Doc
	for _, d := range s.o.Store.All(types) {
		if seesType(r, d) {
			seen = append(seen, d)
		}
	}
	values := r.URL.Query()
	switch public := strings.ToLower(values.Get("is_public")); public {
	case "none": // all
		values.Del("is_public")
	case "":
		if r.Caller.Admin { // of others only the types that they see are left
			values.Set("is_public", "true")
		}
	case "true", "t", "yes", "y", "on", "1":
		values.Set("is_public", "true")
	case "false", "f", "no", "n", "off", "0":
		values.Set("is_public", "false")
	default:
		return nil, bad("Invalid is_public filter [%s]", values.Get("is_public"))
	}
	page, _ := resource.Query{Only: []string{"name", "is_public"}}.Select(seen, values)
	return map[string]any{"volume_types": page}, nil
}

func (s *Service) showType(r *resource.Request) (any, error) {
	name := r.PathValue("id")
	d := s.typeNamed(name)
	if name == "default" {
		d = s.typeFor(r.Caller.ProjectID, "")
	}
	if d == nil {
		return nil, resource.Errorf(http.StatusNotFound, "", "Volume type %s could not be found.", name)
	}
	return map[string]any{"volume_type": resource.Shown(d)}, nil
}

// changeType changes a volume type. The caller must be an administrator.
func (s *Service) changeType(r *resource.Request, rule string, f func(d resource.Doc) error) (resource.Doc, error) {
	if err := adminsOnly(r, "volume_extension:"+rule); err != nil {
		return nil, err
	}
	d, err := s.o.Store.Update(types, r.PathValue("id"), f)
	if errors.Is(err, resource.ErrNotFound) {
		err = resource.Errorf(http.StatusNotFound, "", "Volume type %s could not be found.", r.PathValue("id"))
	}
	return d, err
}

func (s *Service) createType(r *resource.Request) (any, error) {
	body, err := r.Body("volume_type")
	if err != nil {
		return nil, err
	}
	if err := adminsOnly(r, "volume_extension:type_create"); err != nil {
		return nil, err
	}
	name := resource.Text(body, "name")
	if len(s.o.Store.Find(types, "name", name)) > 0 {
		return nil, resource.Errorf(http.StatusConflict, "", "Volume Type %s already exists.", name)
	}
	id := uuid.NewString()
	d := typeDoc(id, name, body)
	return &resource.Reply{Status: http.StatusOK, Body: map[string]any{"volume_type": d}}, s.o.Store.Put(types, id, d)
}

func (s *Service) updateType(r *resource.Request) (any, error) {
	body, err := r.Body("volume_type")
	if err != nil {
		return nil, err
	}
	d, err := s.changeType(r, "type_update", func(d resource.Doc) error {
		for _, field := range []string{"name", "description", "is_public"} {
			if v, given := body[field]; given {
				d[field] = v
			}
		}
		d["os-volume-type-access:is_public"] = d["is_public"]
		return nil
	})
	return map[string]any{"volume_type": resource.Shown(d)}, err
}

func (s *Service) deleteType(r *resource.Request) (any, error) {
	if err := adminsOnly(r, "volume_extension:type_delete"); err != nil {
		return nil, err
	}
	_, err := s.o.Store.Delete(types, r.PathValue("id"))
	return &resource.Reply{Status: http.StatusAccepted}, err
}

// specs shows the extra specs of a volume type.
func (s *Service) specs(r *resource.Request) (any, error) {
	d := s.typeNamed(r.PathValue("id"))
	if d == nil || !seesType(r, d) {
		return nil, resource.Errorf(http.StatusNotFound, "", "Volume type %s could not be found.", r.PathValue("id"))
	}
	return map[string]any{"extra_specs": resource.Object(d, "extra_specs")}, nil
}

// spec shows one extra spec of a volume type.
func (s *Service) spec(r *resource.Request) (any, error) {
	id, key := r.PathValue("id"), r.PathValue("key")
	d := s.typeNamed(id)
	if d == nil || !seesType(r, d) {
		return nil, resource.Errorf(http.StatusNotFound, "", "Volume type %s could not be found.", id)
	}
	value, there := resource.Object(d, "extra_specs")[key]
	if !there {
		return nil, noSpec(id, key)
	}
	return resource.Doc{key: value}, nil
}

func noSpec(id, key string) error {
	return resource.Errorf(http.StatusNotFound, "", "Volume Type %s has no extra specs with key %s.", id, key)
}

// setSpecs adds extra specs, or sets the one in the path.
func (s *Service) setSpecs(r *resource.Request) (any, error) {
	key, one := "extra_specs", r.PathValue("key")
	if one != "" {
		key = ""
	}
	body, err := r.Body(key)
	if err != nil {
		return nil, err
	}
	if _, there := body[one]; one != "" && !there {
		return nil, bad("Request body and URI mismatch")
	}
	_, err = s.changeType(r, "types_extra_specs:create", func(d resource.Doc) error {
		all := maps.Clone(resource.Object(d, "extra_specs"))
		maps.Copy(all, body)
		d["extra_specs"] = all
		return nil
	})
	if one != "" {
		return body, err
	}
	return &resource.Reply{Status: http.StatusOK, Body: map[string]any{key: body}}, err
}

func (s *Service) deleteSpec(r *resource.Request) (any, error) {
	key := r.PathValue("key")
	_, err := s.changeType(r, "types_extra_specs:delete", func(d resource.Doc) error {
		all := maps.Clone(resource.Object(d, "extra_specs"))
		if _, there := all[key]; !there {
			return noSpec(r.PathValue("id"), key)
		}
		delete(all, key)
		d["extra_specs"] = all
		return nil
	})
	return &resource.Reply{Status: http.StatusAccepted}, err
}

// typeAccess lists the projects with access to a private volume type.
func (s *Service) typeAccess(r *resource.Request) (any, error) {
	d := s.o.Store.Get(types, r.PathValue("id"))
	if d == nil || resource.Bool(d, "is_public") {
		return nil, resource.Errorf(http.StatusNotFound, "", "Access list not available for public volume types.")
	}
	list := []any{}
	for _, project := range resource.Strings(d, "_projects") {
		list = append(list, resource.Doc{"volume_type_id": d["id"], "project_id": project})
	}
	return map[string]any{"volume_type_access": list}, nil
}

// typeAction adds or removes a project's access to a volume type.
func (s *Service) typeAction(r *resource.Request) (any, error) {
	body, err := r.Body("")
	if err != nil {
		return nil, err
	}
	_, err = s.changeType(r, "volume_type_access:addProjectAccess", func(d resource.Doc) error {
		project := resource.Text(resource.Object(body, "removeProjectAccess"), "project")
		all := slices.DeleteFunc(resource.Strings(d, "_projects"), func(p string) bool { return p == project })
		if project := resource.Text(resource.Object(body, "addProjectAccess"), "project"); project != "" {
			all = append(all, project)
		}
		d["_projects"] = resource.Anys(all)
		return nil
	})
	return &resource.Reply{Status: http.StatusAccepted}, err
}
