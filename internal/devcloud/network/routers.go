package network

import (
	"maps"
	"net/http"
	"slices"

	"github.com/google/uuid"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

const (
	routerInterface = "network:router_interface"
	routerGateway   = "network:router_gateway"
)

func (s *Service) newRouter(r *resource.Request, id string, body resource.Doc) (resource.Doc, error) {
	d := s.commonFields(id, r.Project(body), body)
	if flavor := resource.Text(body, "flavor_id"); flavor != "" && s.o.Store.Get(flavors, flavor) == nil {
		return nil, resource.Errorf(http.StatusNotFound, "FlavorNotFound", "Flavor %s could not be found.", flavor)
	}
	if err := s.gateway(r, d, body); err != nil {
		return nil, err
	}
	for field, value := range map[string]any{"admin_state_up": true, "external_gateway_info": nil, "distributed": false, "ha": false,
		"availability_zone_hints": []any{}} {
		d[field] = resource.Or(body, field, value)
	}
	d["status"], d["routes"], d["availability_zones"], d["flavor_id"] = "ACTIVE", []any{}, []any{"nova"}, body["flavor_id"]
	return d, nil
}

// gateway sets or removes the external gateway of a router, creates its port, and completes
// external_gateway_info in body.
func (s *Service) gateway(r *resource.Request, d, body resource.Doc) error {
	if _, given := body["external_gateway_info"]; !given {
		return nil
	}
	want, before := resource.Object(body, "external_gateway_info"), resource.Object(d, "external_gateway_info")
	network := resource.Text(want, "network_id")
	if err := s.checkPolicy(r, want); err != nil {
		return err
	}
	var ips []any
	switch {
	case network == "":
	case before["network_id"] == network && hasWantedAddresses(before, want):
		ips = resource.List(before, "external_fixed_ips")
	case before["network_id"] == network:
		for _, p := range s.o.Store.Find(ports, "device_id", d["id"]) {
			if p["device_owner"] != routerGateway {
				continue
			}
			p, err := s.update(collection{kind: ports, class: "Port", change: s.changePort}, resource.Text(p, "id"),
				resource.Doc{"fixed_ips": resource.List(want, "external_fixed_ips")})
			if err != nil {
				return err
			}
			ips = resource.List(p, "fixed_ips")
		}
	default:
		n := s.o.Store.Get(networks, network)
		if n == nil {
			return resource.Errorf(http.StatusNotFound, "NetworkNotFound", "Network %s could not be found.", network)
		}
		if !resource.Bool(n, "router:external") {
			return resource.Errorf(http.StatusBadRequest, "BadRequest", "Bad router request: Network %s is not an external network.", network)
		}
		if err := s.removeGateway(d); err != nil {
			return err
		}
		mine := resource.Doc{"device_owner": routerGateway, "device_id": d["id"], "security_groups": []any{}, "binding:host_id": "network"}
		if given := resource.List(want, "external_fixed_ips"); len(given) > 0 {
			mine["fixed_ips"] = given
		}
		p, err := s.port(uuid.NewString(), "", n, mine)
		if err != nil {
			return err
		}
		ips = resource.List(p, "fixed_ips")
	}
	if ips == nil {
		body["external_gateway_info"] = nil
		return s.removeGateway(d)
	}
	info := resource.Doc{"network_id": network, "enable_snat": resource.Or(want, "enable_snat", true), "external_fixed_ips": ips}
	if want["qos_policy_id"] != nil {
		info["qos_policy_id"] = want["qos_policy_id"]
	}
	body["external_gateway_info"] = info
	return nil
}

// hasWantedAddresses tells whether a gateway has the requested addresses. Like Neutron it
// compares only the subnets and addresses in the request: a subnet without an address does not
// request a new one.
func hasWantedAddresses(before, want resource.Doc) bool {
	if len(resource.List(want, "external_fixed_ips")) == 0 {
		return true
	}
	for _, field := range []string{"subnet_id", "ip_address"} {
		sets := [2]map[string]bool{{}, {}}
		for n, of := range []resource.Doc{before, want} {
			for _, ip := range resource.Docs(of, "external_fixed_ips") {
				if text := resource.Text(ip, field); text != "" {
					sets[n][text] = true
				}
			}
		}
		if !maps.Equal(sets[0], sets[1]) {
			return false
		}
	}
	return true
}

// removeGateway deletes the ports of a router on external networks.
func (s *Service) removeGateway(d resource.Doc) error {
	for _, p := range s.o.Store.Find(ports, "device_id", d["id"]) {
		if p["device_owner"] == routerGateway {
			if _, err := s.o.Store.Delete(ports, resource.Text(p, "id")); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkRouterUnused refuses to delete a router with interfaces.
func (s *Service) checkRouterUnused(d resource.Doc) error {
	if slices.ContainsFunc(s.o.Store.Find(ports, "device_id", d["id"]),
		func(p resource.Doc) bool { return p["device_owner"] == routerInterface }) {
		return resource.Errorf(http.StatusConflict, "RouterInUse", "Router %s still has ports", d["id"])
	}
	return s.removeGateway(d)
}

func (s *Service) registerRouters() {
	const router = "PUT /v2.0/routers/{id}/"
	s.mux.Handle(router+"add_router_interface", s.addInterface)
	s.mux.Handle(router+"remove_router_interface", s.removeInterface)
	s.mux.Handle(router+"add_extraroutes", s.changeRoutes(true))
	s.mux.Handle(router+"remove_extraroutes", s.changeRoutes(false))
}

// router returns the router in the path of a request, or the error of operations on interfaces.
func (s *Service) router(r *resource.Request) (resource.Doc, error) {
	d := s.o.Store.Get(routers, r.PathValue("id"))
	if d == nil || !r.Caller.Can(resource.Text(d, "project_id")) {
		return nil, resource.Errorf(http.StatusNotFound, "RouterNotFound", "Router %s could not be found", r.PathValue("id"))
	}
	return d, nil
}

// routerAndBody returns the router in the path and the body of a request.
func (s *Service) routerAndBody(r *resource.Request) (d, body resource.Doc, err error) {
	if d, err = s.router(r); err != nil {
		return nil, nil, err
	}
	body, err = r.Body("")
	return d, body, err
}

// interfaceOf returns the answer for a port that is an interface of a router.
func interfaceOf(router, port resource.Doc) any {
	subnet := any("")
	if ips := resource.Docs(port, "fixed_ips"); len(ips) > 0 {
		subnet = ips[0]["subnet_id"]
	}
	return &resource.Reply{Status: http.StatusOK, Body: map[string]any{"id": router["id"], "project_id": router["project_id"],
		"tenant_id": router["project_id"], "port_id": port["id"],
		"network_id": port["network_id"], "subnet_id": subnet, "subnet_ids": []any{subnet}, "tags": []any{}}}
}

func (s *Service) addInterface(r *resource.Request) (any, error) {
	d, body, err := s.routerAndBody(r)
	if err != nil {
		return nil, err
	}
	var p resource.Doc
	if port := resource.Text(body, "port_id"); port != "" {
		p, err = s.takePort(d, port)
	} else {
		p, err = s.makePort(d, resource.Text(body, "subnet_id"))
	}
	return interfaceOf(d, p), err
}

// ownerOf returns the fields of a port that make it an interface of a router.
func ownerOf(router resource.Doc) resource.Doc {
	return resource.Doc{"device_id": router["id"], "device_owner": routerInterface, "binding:host_id": "network"}
}

// takePort makes an existing port without an owner an interface of a router.
func (s *Service) takePort(router resource.Doc, id string) (resource.Doc, error) {
	if p := s.o.Store.Get(ports, id); p != nil && resource.Text(p, "device_id") != "" {
		return nil, resource.Errorf(http.StatusConflict, "PortInUse",
			"Unable to complete operation on port %s for network %s. Port already has an attached device %s.", id, p["network_id"], p["device_id"])
	}
	return s.update(collection{kind: ports, class: "Port", change: s.changePort}, id, ownerOf(router))
}

// makePort creates a port with the gateway address of a subnet as an interface of a router.
func (s *Service) makePort(router resource.Doc, id string) (resource.Doc, error) {
	subnet := s.o.Store.Get(subnets, id)
	if subnet == nil {
		return nil, resource.Errorf(http.StatusNotFound, "SubnetNotFound", "Subnet %s could not be found.", id)
	}
	if other := s.routerOf(subnet["id"]); other == router["id"] {
		return nil, resource.Errorf(http.StatusBadRequest, "BadRequest", "Bad router request: Router already has a port on subnet %s.", id)
	}
	if subnet["gateway_ip"] == nil {
		return nil, resource.Errorf(http.StatusBadRequest, "BadRequest",
			"Bad router request: Subnet for router interface must have a gateway IP.")
	}
	port := ownerOf(router)
	port["fixed_ips"] = []any{resource.Doc{"subnet_id": id, "ip_address": subnet["gateway_ip"]}}
	port["security_groups"] = []any{}
	return s.port(uuid.NewString(), resource.Text(router, "project_id"), s.o.Store.Get(networks, resource.Text(subnet, "network_id")), port)
}

func (s *Service) removeInterface(r *resource.Request) (any, error) {
	d, body, err := s.routerAndBody(r)
	if err != nil {
		return nil, err
	}
	for _, p := range s.o.Store.Find(ports, "device_id", d["id"]) {
		if p["device_owner"] != routerInterface {
			continue
		}
		if p["id"] == body["port_id"] || hasAddress(p, []string{"subnet_id=" + resource.Text(body, "subnet_id")}) {
			_, err := s.o.Store.Delete(ports, resource.Text(p, "id"))
			return interfaceOf(d, p), err
		}
	}
	return nil, resource.Errorf(http.StatusNotFound, "RouterInterfaceNotFound", "Router %s does not have such an interface", d["id"])
}

// changeRoutes returns a handler that adds routes to a router or removes them.
func (s *Service) changeRoutes(add bool) resource.Handler {
	return func(r *resource.Request) (any, error) {
		if _, err := s.router(r); err != nil {
			return nil, err
		}
		body, err := r.Body("router")
		if err != nil {
			return nil, err
		}
		given := resource.Docs(body, "routes")
		d, err := s.o.Store.Update(routers, r.PathValue("id"), func(d resource.Doc) error {
			left := slices.DeleteFunc(resource.Docs(d, "routes"), func(old resource.Doc) bool {
				return slices.ContainsFunc(given, func(g resource.Doc) bool {
					return g["destination"] == old["destination"] && g["nexthop"] == old["nexthop"]
				})
			})
			if add {
				left = append(left, given...)
			}
			d["routes"] = resource.Anys(left)
			return nil
		})
		return map[string]any{"router": resource.Shown(d)}, err
	}
}
