package share

import (
	"fmt"
	"maps"
	"net/http"

	"github.com/google/uuid"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

// defaultType is the name of the default share type. Both types of a new cloud are those of
// DevStack; its hosts have no share servers.
const defaultType = "default"

// Seed creates the share types of a new cloud.
func (s *Service) Seed() error {
	for _, name := range []string{defaultType, "dhss_false"} {
		id := uuid.NewSHA1(uuid.NameSpaceURL, []byte("share-type/"+name)).String()
		if s.o.Store.Get(types, id) != nil {
			continue
		}
		if err := s.o.Store.Put(types, id, newType(id, name, resource.Doc{"driver_handles_share_servers": "False", "snapshot_support": "True",
			"create_share_from_snapshot_support": "True", "revert_to_snapshot_support": "True"})); err != nil {
			return err
		}
	}
	return nil
}

func newType(id, name string, specs resource.Doc) resource.Doc {
	return resource.Doc{"id": id, "name": name, "description": nil, "is_default": name == defaultType, "share_type_access:is_public": true,
		"extra_specs":          specs,
		"required_extra_specs": resource.Doc{"driver_handles_share_servers": specs["driver_handles_share_servers"]}}
}

// typeNamed returns the share type with a name or an id, or nil.
func (s *Service) typeNamed(name string) resource.Doc {
	for _, d := range s.o.Store.All(types) {
		if d["name"] == name || d["id"] == name {
			return d
		}
	}
	return nil
}

func (s *Service) defaultType(*resource.Request) (any, error) {
	return map[string]any{"share_type": resource.Shown(s.typeNamed(defaultType))}, nil
}

// admin refuses callers who are no administrators.
func admin(r *resource.Request) error {
	if r.Caller.Admin {
		return nil
	}
	return resource.Errorf(http.StatusForbidden, "", "Policy doesn't allow the request to be performed.")
}

// texts returns extra specs with values that are strings, as Manila stores them.
func texts(specs resource.Doc) resource.Doc {
	out := resource.Doc{}
	for k, v := range specs {
		if b, ok := v.(bool); ok {
			v = map[bool]string{true: "True", false: "False"}[b]
		}
		out[k] = fmt.Sprint(v)
	}
	return out
}

func (s *Service) createType(r *resource.Request) (any, error) {
	body, err := r.Body("share_type")
	if err == nil {
		err = admin(r)
	}
	if err != nil {
		return nil, err
	}
	name, specs := resource.Text(body, "name"), texts(resource.Object(body, "extra_specs"))
	if specs["driver_handles_share_servers"] == nil {
		return nil, bad("Required extra specs not found: ['driver_handles_share_servers'].")
	}
	if s.typeNamed(name) != nil {
		return nil, resource.Errorf(http.StatusConflict, "", "Share Type %s already exists.", name)
	}
	id := uuid.NewString()
	d := newType(id, name, specs)
	d["description"], d["share_type_access:is_public"] = body["description"], resource.Or(body, "share_type_access:is_public", true)
	return &resource.Reply{Status: http.StatusOK, Body: map[string]any{"share_type": resource.Shown(d)}}, s.o.Store.Put(types, id, d)
}

// changeType changes a share type.
func (s *Service) changeType(r *resource.Request, f func(d resource.Doc) error) (resource.Doc, error) {
	d, err := s.find(r, types)
	if err == nil {
		err = admin(r)
	}
	if err != nil {
		return nil, err
	}
	return s.o.Store.Update(types, resource.Text(d, "id"), f)
}

func (s *Service) updateType(r *resource.Request) (any, error) {
	body, err := r.Body("share_type")
	if err != nil {
		return nil, err
	}
	d, err := s.changeType(r, func(d resource.Doc) error {
		for _, field := range []string{"name", "description", "share_type_access:is_public"} {
			if v, given := body[field]; given {
				d[field] = v
			}
		}
		return nil
	})
	return map[string]any{"share_type": resource.Shown(d)}, err
}

func (s *Service) deleteType(r *resource.Request) (any, error) {
	d, err := s.find(r, types)
	if err == nil {
		err = admin(r)
	}
	if err == nil && len(s.o.Store.Find(shares, "share_type", d["id"])) > 0 {
		err = bad("Deletion of share type %s failed; it in use by shares.", d["id"])
	}
	if err == nil {
		_, err = s.o.Store.Delete(types, resource.Text(d, "id"))
	}
	return accepted(err)
}

func (s *Service) specs(r *resource.Request) (any, error) {
	d, err := s.find(r, types)
	return map[string]any{"extra_specs": resource.Object(d, "extra_specs")}, err
}

func (s *Service) setSpecs(r *resource.Request) (any, error) {
	body, err := r.Body("extra_specs")
	if err != nil {
		return nil, err
	}
	more := texts(body)
	_, err = s.changeType(r, func(d resource.Doc) error {
		all := maps.Clone(resource.Object(d, "extra_specs"))
		maps.Copy(all, more)
		d["extra_specs"] = all
		return nil
	})
	return &resource.Reply{Status: http.StatusOK, Body: map[string]any{"extra_specs": more}}, err
}

func (s *Service) deleteSpec(r *resource.Request) (any, error) {
	key := r.PathValue("key")
	_, err := s.changeType(r, func(d resource.Doc) error {
		all := maps.Clone(resource.Object(d, "extra_specs"))
		if _, there := all[key]; !there {
			return resource.Errorf(http.StatusNotFound, "", "Share Type %s has no extra spec with key %s.", d["id"], key)
		}
		delete(all, key)
		d["extra_specs"] = all
		return nil
	})
	return accepted(err)
}
