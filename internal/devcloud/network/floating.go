package network

import (
	"maps"
	"net/http"
	"net/netip"

	"github.com/google/uuid"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

func (s *Service) newFloating(r *resource.Request, id string, body resource.Doc) (resource.Doc, error) {
	n := s.o.Store.Get(networks, resource.Text(body, "floating_network_id"))
	if n == nil {
		return nil, resource.Errorf(http.StatusNotFound, "NetworkNotFound", "Network %s could not be found.", resource.Text(body, "floating_network_id"))
	}
	if !resource.Bool(n, "router:external") {
		return nil, bad("Bad floatingip request: Network %s is not a valid external network.", n["id"])
	}
	p, err := s.port(uuid.NewString(), "", n, resource.Doc{"device_owner": "network:floatingip", "device_id": id, "security_groups": []any{}})
	if err != nil {
		return nil, err
	}
	d := common(id, r.Project(body), body)
	delete(d, "name")
	maps.Copy(d, map[string]any{"floating_network_id": n["id"], "floating_ip_address": resource.Docs(p, "fixed_ips")[0]["ip_address"], "_port": p["id"],
		"port_id": nil, "fixed_ip_address": nil, "router_id": nil, "status": "DOWN", "port_details": nil, "dns_domain": "", "dns_name": "", "qos_policy_id": nil})
	return d, s.changeFloating(d, body)
}

// changeFloating gives a floating address to a port, or takes it away.
func (s *Service) changeFloating(d, body resource.Doc) error {
	id, given := body["port_id"]
	if !given {
		return nil
	}
	d["_port_before"] = d["port_id"]
	release(d)
	if id == nil || id == "" {
		body["port_id"] = nil
		return nil
	}
	p := s.o.Store.Get(ports, resource.Text(body, "port_id"))
	if p == nil {
		return resource.Errorf(http.StatusNotFound, "PortNotFound", "Port %s could not be found.", id)
	}
	fixed := resource.Text(body, "fixed_ip_address")
	for _, ip := range resource.Docs(p, "fixed_ips") {
		if a, err := netip.ParseAddr(resource.Text(ip, "ip_address")); err == nil && a.Is4() && fixed == "" {
			fixed = a.String()
		}
	}
	if fixed == "" {
		return bad("Cannot add floating IP to port %s that has no fixed IPv4 addresses.", id)
	}
	d["port_id"], d["fixed_ip_address"], d["status"] = id, fixed, "ACTIVE"
	body["fixed_ip_address"] = fixed
	return nil
}

func release(d resource.Doc) {
	d["port_id"], d["fixed_ip_address"], d["router_id"], d["status"] = nil, nil, nil, "DOWN"
}

func (s *Service) newRouter(r *resource.Request, id string, body resource.Doc) (resource.Doc, error) {
	d := common(id, r.Project(body), body)
	for field, value := range map[string]any{"admin_state_up": true, "external_gateway_info": nil, "distributed": false, "ha": false, "availability_zone_hints": []any{}} {
		d[field] = resource.Or(body, field, value)
	}
	d["status"], d["routes"], d["availability_zones"], d["flavor_id"] = "ACTIVE", []any{}, []any{"nova"}, nil
	return d, nil
}

func (s *Service) registerRouters() {
	router := func(r *resource.Request) (resource.Doc, error) {
		d := s.o.Store.Get(routers, r.PathValue("id"))
		if d == nil || !r.Caller.Can(resource.Text(d, "project_id")) {
			return nil, resource.Errorf(http.StatusNotFound, "RouterNotFound", "Router %s could not be found", r.PathValue("id"))
		}
		return d, nil
	}
	answer := func(d, p resource.Doc) any {
		ips := resource.Docs(p, "fixed_ips")
		subnet := any("")
		if len(ips) > 0 {
			subnet = ips[0]["subnet_id"]
		}
		return &resource.Reply{Status: http.StatusOK, Body: map[string]any{"id": d["id"], "project_id": d["project_id"], "tenant_id": d["project_id"], "port_id": p["id"],
			"network_id": p["network_id"], "subnet_id": subnet, "subnet_ids": []any{subnet}, "tags": []any{}}}
	}
	s.mux.Handle("PUT /v2.0/routers/{id}/add_router_interface", func(r *resource.Request) (any, error) {
		d, err := router(r)
		if err != nil {
			return nil, err
		}
		body, err := r.Body("")
		if err != nil {
			return nil, err
		}
		owner := resource.Doc{"device_id": d["id"], "device_owner": "network:router_interface", "binding:host_id": "network"}
		if port := resource.Text(body, "port_id"); port != "" {
			p, err := s.update(collection{kind: ports, class: "Port", change: s.changePort}, port, owner)
			return answer(d, p), err
		}
		subnet := s.o.Store.Get(subnets, resource.Text(body, "subnet_id"))
		if subnet == nil {
			return nil, resource.Errorf(http.StatusNotFound, "SubnetNotFound", "Subnet %s could not be found.", resource.Text(body, "subnet_id"))
		}
		owner["fixed_ips"] = []any{resource.Doc{"subnet_id": subnet["id"], "ip_address": subnet["gateway_ip"]}}
		owner["security_groups"] = []any{}
		p, err := s.port(uuid.NewString(), resource.Text(d, "project_id"), s.o.Store.Get(networks, resource.Text(subnet, "network_id")), owner)
		return answer(d, p), err
	})
	s.mux.Handle("PUT /v2.0/routers/{id}/remove_router_interface", func(r *resource.Request) (any, error) {
		d, err := router(r)
		if err != nil {
			return nil, err
		}
		body, err := r.Body("")
		if err != nil {
			return nil, err
		}
		for _, p := range s.o.Store.Find(ports, "device_id", d["id"]) {
			if p["id"] == body["port_id"] || hasAddress(p, []string{"subnet_id=" + resource.Text(body, "subnet_id")}) {
				_, err := s.o.Store.Delete(ports, resource.Text(p, "id"))
				return answer(d, p), err
			}
		}
		return nil, resource.Errorf(http.StatusNotFound, "RouterInterfaceNotFound", "Router %s does not have such an interface", d["id"])
	})
}

// limits are what a project may have where nobody has said otherwise.
func limits() resource.Doc {
	return resource.Doc{"network": 100, "subnet": 100, "subnetpool": -1, "port": 500, "router": 10, "floatingip": 50, "rbac_policy": 10, "security_group": 10, "security_group_rule": 100, "trunk": -1}
}

func (s *Service) registerQuotas() {
	get := func(project string) resource.Doc {
		d := limits()
		maps.Copy(d, s.o.Store.Get(quotas, project))
		return d
	}
	s.mux.Handle("GET /v2.0/quotas/{project}", func(r *resource.Request) (any, error) {
		return map[string]any{"quota": get(r.PathValue("project"))}, nil
	})
	s.mux.Handle("GET /v2.0/quotas/{project}/default", func(*resource.Request) (any, error) { return map[string]any{"quota": limits()}, nil })
	s.mux.Handle("GET /v2.0/quotas/{project}/details", func(r *resource.Request) (any, error) {
		out := resource.Doc{}
		for name, limit := range get(r.PathValue("project")) {
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
		d := resource.Doc{}
		for name := range limits() {
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
		id, err := s.topology(r.PathValue("project"))
		return map[string]any{allocatedKey: map[string]any{"id": id, "tenant_id": r.PathValue("project"), "project_id": r.PathValue("project")}}, err
	})
}

const allocatedKey = "auto_allocated_topology"
