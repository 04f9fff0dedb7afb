package network

import (
	"maps"
	"net/http"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

// defaultQuotas returns the limits of projects without limits of their own.
func defaultQuotas() resource.Doc {
	return resource.Doc{"network": 100, "subnet": 100, "subnetpool": -1, "port": 500, "router": 10, "floatingip": 50, "rbac_policy": 10,
		"security_group": 10, "security_group_rule": 100, "trunk": -1}
}

func (s *Service) registerQuotas() {
	get := func(project string) resource.Doc {
		d := defaultQuotas()
		maps.Copy(d, s.o.Store.Get(quotas, project))
		return d
	}
	s.mux.Handle("GET /v2.0/quotas", func(r *resource.Request) (any, error) {
		list := []resource.Doc{}
		for _, d := range s.o.Store.All(quotas) {
			if project := resource.Text(d, "project_id"); r.Caller.Admin {
				list = append(list, get(project))
			}
		}
		return map[string]any{"quotas": list}, nil
	})
	s.mux.Handle("GET /v2.0/quotas/{project}", func(r *resource.Request) (any, error) {
		return map[string]any{"quota": get(r.PathValue("project"))}, nil
	})
	s.mux.Handle("GET /v2.0/quotas/{project}/default", func(*resource.Request) (any, error) {
		return map[string]any{"quota": defaultQuotas()}, nil
	})
	s.mux.Handle("GET /v2.0/quotas/{project}/details", func(r *resource.Request) (any, error) {
		out := resource.Doc{}
		for name := range defaultQuotas() {
			limit := get(r.PathValue("project"))[name]
			kind := map[string]string{"floatingip": floating, "security_group": groups, "security_group_rule": rules}[name]
			if kind == "" {
				kind = name + "s"
			}
			out[name] = resource.Doc{"limit": limit, "used": len(s.o.Store.Find(kind, "project_id", r.PathValue("project"))), "reserved": 0}
		}
		return map[string]any{"quota": out}, nil
	})
	s.mux.Handle("PUT /v2.0/quotas/{project}", func(r *resource.Request) (any, error) {
		if !r.Caller.Admin {
			return nil, resource.Errorf(http.StatusForbidden, "HTTPForbidden", "rule:update_quota is disallowed by policy")
		}
		body, err := r.Body("quota")
		if err != nil {
			return nil, err
		}
		project := r.PathValue("project")
		d := maps.Clone(s.o.Store.Get(quotas, project))
		if d == nil {
			d = resource.Doc{"project_id": project, "tenant_id": project}
		}
		for name := range defaultQuotas() {
			if v, given := body[name]; given {
				d[name] = v
			}
		}
		if err := s.o.Store.Put(quotas, project, d); err != nil {
			return nil, err
		}
		return map[string]any{"quota": get(project)}, nil
	})
	s.mux.Handle("DELETE /v2.0/quotas/{project}", func(r *resource.Request) (any, error) {
		_, err := s.o.Store.Delete(quotas, r.PathValue("project"))
		return nil, err
	})
	s.mux.Handle("GET /v2.0/auto-allocated-topology/{project}", func(r *resource.Request) (any, error) {
		if r.URL.Query().Get("fields") == "dry-run" {
			return map[string]any{allocatedKey: map[string]any{"id": "dry-run=pass", "tenant_id": r.PathValue("project")}}, nil
		}
		d, err := s.AllocateTopology(r.PathValue("project"))
		return map[string]any{allocatedKey: map[string]any{"id": d["id"], "tenant_id": r.PathValue("project"),
			"project_id": r.PathValue("project")}}, err
	})
	s.mux.Handle("DELETE /v2.0/auto-allocated-topology/{project}", func(r *resource.Request) (any, error) {
		return nil, s.deleteTopology(r)
	})
}

const allocatedKey = "auto_allocated_topology"
