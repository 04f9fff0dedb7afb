package volume

import (
	"net/http"
	"slices"
	"strings"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

// registerDefaultTypes registers the default volume types of projects, for administrators.
func (s *Service) registerDefaultTypes() {
	handle := func(pattern string, do resource.Handler) {
		s.mux.Handle(pattern, func(r *resource.Request) (any, error) {
			if err := adminsOnly(r, "volume_extension:default_set_or_update"); err != nil {
				return nil, err
			}
			return do(r)
		})
	}
	const path = "/v3/default-types"
	handle("GET "+path, func(*resource.Request) (any, error) {
		list := []any{}
		for _, d := range s.o.Store.All(defaults) {
			list = append(list, d)
		}
		return map[string]any{"default_types": list}, nil
	})
	handle("GET "+path+"/{project}", func(r *resource.Request) (any, error) {
		d := s.o.Store.Get(defaults, r.PathValue("project"))
		if d == nil {
			return nil, resource.Errorf(http.StatusNotFound, "", "Default type for project %s not found.", r.PathValue("project"))
		}
		return map[string]any{"default_type": d}, nil
	})
	handle("PUT "+path+"/{project}", func(r *resource.Request) (any, error) {
		body, err := r.Body("default_type")
		if err != nil {
			return nil, err
		}
		name := resource.Text(body, "volume_type")
		kind := s.typeNamed(name)
		if kind == nil || name == "" {
			return nil, resource.Errorf(http.StatusNotFound, "", "Volume type with name %s could not be found.", name)
		}
		d := resource.Doc{"project_id": r.PathValue("project"), "volume_type_id": kind["id"]}
		return map[string]any{"default_type": d}, s.o.Store.Put(defaults, r.PathValue("project"), d)
	})
	handle("DELETE "+path+"/{project}", func(r *resource.Request) (any, error) {
		_, err := s.o.Store.Delete(defaults, r.PathValue("project"))
		return nil, err
	})
}

// typeFor returns the volume type of a new volume of a project: that with a name or an id, or the
// project's or Cinder's default type.
func (s *Service) typeFor(project, name string) resource.Doc {
	if name == "" {
		if kind := s.typeNamed(resource.Text(s.o.Store.Get(defaults, project), "volume_type_id")); kind != nil {
			return kind
		}
	}
	return s.typeNamed(name)
}

// filters are the filters of lists by resource, as in Cinder's resource_filters.json.
var filters = []struct{ resource, names string }{
	{"volume", "name status metadata bootable migration_status availability_zone group_id size created_at updated_at consumes_quota"},
	{"snapshot", "name status volume_id metadata availability_zone consumes_quota"},
	{"attachment", "volume_id status instance_id attach_status"},
	{"volume_type", "is_public extra_specs"},
}

func resourceFilters(r *resource.Request) (any, error) {
	list := []any{}
	for _, f := range filters {
		if of := r.URL.Query().Get("resource"); of == "" || of == f.resource {
			list = append(list, resource.Doc{"resource": f.resource, "filters": strings.Fields(f.names)})
		}
	}
	return map[string]any{"resource_filters": list}, nil
}

// capabilities shows what the host of all volumes can do.
func capabilities(r *resource.Request) (any, error) {
	if err := adminsOnly(r, "volume_extension:capabilities"); err != nil {
		return nil, err
	}
	host := r.PathValue("host")
	if !slices.Contains([]string{"dev@lvm", "dev@lvm#lvm"}, host) {
		return nil, resource.Errorf(http.StatusNotFound, "", "Can't find service: %s", host)
	}
	return resource.Doc{"namespace": "OS::Storage::Capabilities::" + host, "vendor_name": "Open Source", "volume_backend_name": "lvm",
		"pool_name": nil, "driver_version": "3.0.0", "storage_protocol": "iSCSI", "display_name": nil, "description": nil, "visibility": nil,
		"replication_targets": []any{}, "properties": resource.Doc{}}, nil
}

// noBackups lists the backups of a cloud without cinder-backup.
func noBackups(*resource.Request) (any, error) { return map[string]any{"backups": []any{}}, nil }
