package network

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

// registerForwardings registers the operations on the port forwardings of floating IPs. Forwardings
// have the floating IP in the internal field _floatingip. They have no effect.
func (s *Service) registerForwardings(floatingIPs collection) {
	handle := func(pattern string, do func(r *resource.Request, f, d resource.Doc) (any, error)) {
		s.mux.Handle(pattern, func(r *resource.Request) (any, error) {
			f, err := s.find(floatingIPs, r)
			if err != nil {
				return nil, err
			}
			id := r.PathValue("forwarding")
			d := s.o.Store.Get(forwardings, id)
			if id != "" && (d == nil || d["_floatingip"] != f["id"]) {
				return nil, resource.Errorf(http.StatusNotFound, "PortForwardingNotFound", "Port Forwarding %s could not be found.", id)
			}
			return do(r, f, d)
		})
	}
	path := floatingIPs.path() + "/{id}/port_forwardings"
	one := path + "/{forwarding}"
	handle("GET "+path, func(r *resource.Request, f, _ resource.Doc) (any, error) {
		page, _ := resource.Query{}.Select(s.o.Store.Find(forwardings, "_floatingip", f["id"]), r.URL.Query())
		return map[string]any{"port_forwardings": page}, nil
	})
	handle("GET "+one, func(_ *resource.Request, _, d resource.Doc) (any, error) {
		return map[string]any{"port_forwarding": resource.Shown(d)}, nil
	})
	handle("POST "+path, func(r *resource.Request, f, _ resource.Doc) (any, error) {
		return s.forward(r, f, resource.Doc{"id": uuid.NewString(), "description": "", "_floatingip": f["id"]})
	})
	handle("PUT "+one, s.forward)
	handle("DELETE "+one, func(_ *resource.Request, f, d resource.Doc) (any, error) {
		if _, err := s.o.Store.Delete(forwardings, resource.Text(d, "id")); err != nil {
			return nil, err
		}
		return nil, s.showForwardings(resource.Text(f, "id"))
	})
}

// forward creates or changes a port forwarding of the floating IP f with the body of the request.
func (s *Service) forward(r *resource.Request, f, before resource.Doc) (any, error) {
	body, err := r.Body("port_forwarding")
	if err != nil {
		return nil, err
	}
	d := maps.Clone(before)
	for _, field := range []string{"protocol", "internal_port_id", "internal_ip_address", "description"} {
		if body[field] != nil {
			d[field] = body[field]
		}
		if d[field] == nil {
			return nil, bad("Failed to parse request. Required attribute '%s' not specified", field)
		}
	}
	for _, side := range []string{"internal", "external"} {
		forwardedPorts(side, d, body)
	}
	if err := s.checkForwarding(f, d); err != nil {
		return nil, err
	}
	if err := s.o.Store.Put(forwardings, resource.Text(d, "id"), d); err != nil {
		return nil, err
	}
	return map[string]any{"port_forwarding": resource.Shown(d)}, s.showForwardings(resource.Text(f, "id"))
}

// forwardedPorts writes the port, or the range of ports, of one side of a forwarding.
func forwardedPorts(side string, d, body resource.Doc) {
	one, several := side+"_port", side+"_port_range"
	if body[one] != nil {
		n := resource.Int(body, one)
		d[one], d[several] = n, fmt.Sprintf("%d:%d", n, n)
	} else if given := resource.Text(body, several); given != "" {
		first, last, ranged := strings.Cut(given, ":")
		if !ranged {
			last = first
		}
		delete(d, one)
		if d[several] = first + ":" + last; first == last {
			d[one] = resource.Int(resource.Doc{"": first}, "")
		}
	}
}

// protocols are the names of protocols that have ports.
var protocols = []string{"tcp", "udp", "icmp", "icmp6", "sctp", "dccp"}

// checkForwarding refuses a forwarding to an address that is not the port's, and one whose ports
// another forwarding has.
func (s *Service) checkForwarding(f, d resource.Doc) error {
	if f["port_id"] != nil {
		return resource.Errorf(http.StatusConflict, "FipInUseByPortForwarding", "Floating IP %s in use by Port Forwarding resources.", f["id"])
	}
	if name := resource.Text(d, "protocol"); !slices.Contains(protocols, strings.ToLower(name)) {
		return invalid("IP protocol '%s' is not supported. Only protocol names and their integer representation (0 to 255) are supported.", name)
	}
	id, address := resource.Text(d, "internal_port_id"), resource.Text(d, "internal_ip_address")
	p := s.o.Store.Get(ports, id)
	if p == nil {
		return resource.Errorf(http.StatusNotFound, "PortNotFound", "Port %s could not be found.", id)
	}
	if !hasAddress(p, []string{"ip_address=" + address}) {
		return collision("Requested internal IP address %s is not suitable for internal neutron port %s", address, id)
	}
	for _, other := range s.o.Store.Find(forwardings, "_floatingip", f["id"]) {
		if other["id"] == d["id"] || other["protocol"] != d["protocol"] {
			continue
		}
		same := map[string]bool{"external_port_range": true,
			"internal_port_range": other["internal_port_id"] == d["internal_port_id"] && other["internal_ip_address"] == address}
		for _, side := range []string{"external_port_range", "internal_port_range"} {
			if same[side] && other[side] == d[side] {
				return collision("There is a port collision with the %s. The following ranges collide: %s and %s.", side, other[side], d[side])
			}
		}
	}
	return nil
}

func collision(format string, args ...any) error {
	return resource.Errorf(http.StatusBadRequest, "BadRequest", "Bad port_forwarding request: "+format, args...)
}

// showForwardings writes the forwardings of a floating IP, and the router of the first, into its
// document.
func (s *Service) showForwardings(id string) error {
	if s.o.Store.Get(floating, id) == nil { // it is being deleted
		return nil
	}
	list, router := []any{}, any(nil)
	for _, d := range s.o.Store.Find(forwardings, "_floatingip", id) {
		shown := resource.Doc{}
		for _, field := range []string{"id", "protocol", "internal_ip_address", "internal_port_id", "internal_port", "external_port"} {
			shown[field] = d[field]
		}
		list = append(list, shown)
		if router == nil {
			_, subnet := fixedIPv4(s.o.Store.Get(ports, resource.Text(d, "internal_port_id")), resource.Text(d, "internal_ip_address"))
			router = s.routerOf(subnet)
		}
	}
	_, err := s.o.Store.Update(floating, id, func(f resource.Doc) error {
		f["port_forwardings"], f["router_id"] = list, router
		return nil
	})
	return err
}

// dropForwardings deletes the forwardings of a floating IP ("_floatingip") or to a port
// ("internal_port_id").
func (s *Service) dropForwardings(field string, id any) error {
	for _, d := range s.o.Store.Find(forwardings, field, id) {
		if _, err := s.o.Store.Delete(forwardings, resource.Text(d, "id")); err != nil {
			return err
		}
		if err := s.showForwardings(resource.Text(d, "_floatingip")); err != nil {
			return err
		}
	}
	return nil
}
