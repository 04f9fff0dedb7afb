// Package network stands in for Neutron: networks, subnets, ports with bindings, security groups,
// floating IPs, routers and quotas. It allocates addresses, but there is no traffic.
package network

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/google/uuid"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

// Options are the parameters of New.
type Options struct {
	Store *resource.Store
	Who   func(token string) *resource.Caller
	URL   string // of the service: "http://127.0.0.1:8774/network"
	// Changed is called when the addresses of a server change; it may be nil.
	Changed func(server string)
}

// Service is the handler of Neutron's API, below /network.
type Service struct {
	o   Options
	mux *resource.Mux

	allocating sync.Mutex // held while a subnet is created, so that two do not get the same part of a pool
}

// The kinds of documents, which are the names of the collections.
const (
	networks  = "networks"
	subnets   = "subnets"
	ports     = "ports"
	groups    = "security-groups"
	rules     = "security-group-rules"
	floating  = "floatingips"
	routers   = "routers"
	quotas    = "quotas"
	pools     = "subnetpools"
	scopes    = "address-scopes"
	trunks    = "trunks"
	allocated = "auto-allocated-topology"

	addressGroups = "address-groups"
	segments      = "segments"
	policies      = "qos/policies"
	access        = "rbac-policies"
	flavors       = "flavors"
	profiles      = "service_profiles"
	forwardings   = "port_forwardings"
	agentChanges  = "agents"
)

// New returns the service.
func New(o Options) *Service {
	s := &Service{o: o, mux: &resource.Mux{Who: o.Who, Fault: fault}}
	s.mux.Open("GET /{$}", s.versions)
	s.mux.Open("GET /v2.0", s.resources)
	s.mux.Handle("GET /v2.0/extensions", extensions)
	s.mux.Handle("GET /v2.0/extensions/{alias}", extension)
	for _, c := range s.collections() {
		c.register(s)
	}
	s.registerTrunks(s.trunkCollection())
	s.registerAddressGroups(s.addressGroupCollection())
	s.registerPolicies(s.policyCollection())
	s.registerFlavors(s.flavorCollections())
	s.registerForwardings(collection{kind: floating, singular: "floatingip", class: "FloatingIP"})
	s.registerRouters()
	s.registerQuotas()
	s.registerAgents()
	s.mux.Handle("GET /v2.0/service-providers", func(r *resource.Request) (any, error) {
		var list []resource.Doc
		for _, name := range []string{"dvrha", "dvr", "ha", "single_node"} {
			list = append(list, resource.Doc{"service_type": "L3_ROUTER_NAT", "name": name, "default": false})
		}
		page, _ := resource.Query{}.Select(list, r.URL.Query())
		return map[string]any{"service_providers": page}, nil
	})
	s.mux.Handle("GET /v2.0/availability_zones", zones)
	s.mux.Handle("GET /v2.0/network-ip-availabilities", s.availabilities)
	s.mux.Handle("GET /v2.0/network-ip-availabilities/{id}", s.availability)
	return s
}

// ServeHTTP implements http.Handler.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

func fault(e *resource.Error) (any, string) {
	if e.Status == http.StatusUnauthorized {
		return map[string]any{"error": map[string]any{"code": e.Status, "title": "Unauthorized", "message": e.Message}}, ""
	}
	return map[string]any{"NeutronError": map[string]any{"type": e.Kind, "message": e.Message, "detail": ""}}, ""
}

func (s *Service) versions(*resource.Request) (any, error) {
	return map[string]any{"versions": []any{map[string]any{"id": "v2.0", "status": "CURRENT",
		"links": []any{map[string]string{"rel": "self", "href": s.o.URL + "/v2.0/"}}}}}, nil
}

func (s *Service) resources(*resource.Request) (any, error) {
	list := []any{}
	for _, c := range s.collections() {
		list = append(list, map[string]any{"name": c.singular, "collection": c.key(),
			"links": []any{map[string]string{"rel": "self", "href": s.o.URL + "/v2.0/" + c.kind}}})
	}
	return map[string]any{"resources": list}, nil
}

// extensionNames are the names of the extensions that clients look for, by alias.
var extensionNames = map[string]string{
	"agent":                 "agent",
	"allowed-address-pairs": "Allowed Address Pairs",
	"address-group":         "Address group",
	"address-scope":         "Address scope",
	"rbac-policies":         "RBAC Policies",
	"qos":                   "Quality of Service",
	"qos-default":           "QoS default policy",
	"qos-fip":               "Floating IP QoS",
	"qos-gateway-ip":        "Gateway IP QoS",
	"qos-rules-alias":       "Alias for QoS rules",
	"segment":               "Segment",
	"flavors":               "Neutron Service Flavors", "l3-flavors": "Router Flavor Extension",
	"floating-ip-port-forwarding": "Floating IP Port Forwarding", "expose-port-forwarding-in-fip": "Expose Port Forwarding in FIP",
	"multi-provider":                       "Multi Provider Network",
	"auto-allocated-topology":              "Auto Allocated Topology Services",
	"availability_zone":                    "Availability Zone",
	"binding":                              "Port Binding",
	"default-subnetpools":                  "Default Subnetpools",
	"ext-gw-mode":                          "Neutron L3 Configurable external gateway mode",
	"external-net":                         "Neutron external network",
	"extra_dhcp_opt":                       "Neutron Extra DHCP options",
	"extraroute":                           "Neutron Extra Route",
	"extraroute-atomic":                    "Atomically add/remove extra routes",
	"fip-port-details":                     "Floating IP Port Details Extension",
	"ip-substring-filtering":               "IP address substring filtering",
	"net-mtu":                              "Network MTU",
	"net-mtu-writable":                     "Network MTU (writable)",
	"network-ip-availability":              "Network IP Availability",
	"network_availability_zone":            "Network Availability Zone",
	"pagination":                           "Pagination support",
	"port-security":                        "Port Security",
	"project-id":                           "project_id field enabled",
	"provider":                             "Provider Network",
	"quota_details":                        "Quota details management support",
	"quotas":                               "Quota management support",
	"revision-if-match":                    "If-Match constraints based on revision_number",
	"router":                               "Neutron L3 Router",
	"security-group":                       "security-group",
	"security-groups-remote-address-group": "Remote address group id field for security group rules",
	"service-type":                         "Neutron Service Type Management",
	"sorting":                              "Sorting support",
	"standard-attr-description":            "standard-attr-description",
	"standard-attr-revisions":              "Resource revision numbers",
	"standard-attr-tag": "Tag support for resources with standard attribute: port, subnet, subnetpool, network, " +
		"security_group, router, floatingip, trunk",
	"standard-attr-timestamp": "Resource timestamps",
	"stateful-security-group": "Stateful security group",
	"subnet_allocation":       "Subnet Allocation",
	"tag-creation":            "Tag creation extension",
	"trunk":                   "Trunk Extension",
	"trunk-details":           "Trunk port details",
}

func extensions(*resource.Request) (any, error) {
	list := []any{}
	for _, a := range slices.Sorted(maps.Keys(extensionNames)) {
		list = append(list, describe(a))
	}
	return map[string]any{"extensions": list}, nil
}

func extension(r *resource.Request) (any, error) {
	alias := r.PathValue("alias")
	if extensionNames[alias] == "" {
		return nil, resource.Errorf(http.StatusNotFound, "ExtensionNotFound", "Extension with alias %s does not exist", alias)
	}
	return map[string]any{"extension": describe(alias)}, nil
}

func describe(alias string) map[string]any {
	name := extensionNames[alias]
	return map[string]any{"alias": alias, "name": name, "description": name, "updated": "2020-01-01T00:00:00-00:00", "links": []any{}}
}

// collection is a kind of resource with the operations list, create, show, update and delete.
type collection struct {
	kind, singular string
	class          string // the prefix of its errors: "Network" for NetworkNotFound
	noun           string // its name in the text of errors; "": the class
	forAdmins      bool   // only administrators change its resources
	// readOnly are the attributes that a PUT may not have.
	readOnly []string
	create   func(r *resource.Request, id string, body resource.Doc) (resource.Doc, error)
	// before prepares a PUT: it changes other resources, and may complete the body.
	before func(r *resource.Request, d, body resource.Doc) error
	// change checks and completes the changed document; nil accepts all changes.
	change func(d, body resource.Doc) error
	// remove refuses a DELETE or changes other resources.
	remove func(d resource.Doc) error
	// visible tells whether other projects see a resource.
	visible func(d resource.Doc) bool
	query   resource.Query
}

// key returns the collection's key in bodies: "policies" for "qos/policies".
func (c collection) key() string { return strings.ReplaceAll(path.Base(c.kind), "-", "_") }

func (c collection) missing(id string) error {
	switch c.kind {
	case groups:
		return resource.Errorf(http.StatusNotFound, c.class+"NotFound", "Security group %s does not exist", id)
	case access:
		return resource.Errorf(http.StatusNotFound, c.class+"NotFound", "RBAC policy of type unknown with ID %s not found", id)
	case rules:
		return resource.Errorf(http.StatusNotFound, c.class+"NotFound", "Security group rule %s does not exist", id)
	}
	noun := cmp.Or(c.noun, strings.ReplaceAll(c.class, "IP", " IP"))
	return resource.Errorf(http.StatusNotFound, c.class+"NotFound", "%s %s could not be found.", noun, id)
}

func (c collection) register(s *Service) {
	if c.query.Same == nil {
		c.query.Same = map[string]string{}
	}
	c.query.Same["tenant_id"] = "project_id"
	if c.query.Special == nil {
		c.query.Special = map[string]func(resource.Doc, []string) bool{}
	}
	maps.Copy(c.query.Special, tagFilters)
	s.mux.Handle("GET "+c.path(), s.list(c))
	s.mux.Handle("POST "+c.path(), s.create(c))
	s.mux.Handle("GET "+c.path()+"/{id}", s.show(c))
	s.mux.Handle("PUT "+c.path()+"/{id}", s.replace(c))
	s.mux.Handle("DELETE "+c.path()+"/{id}", s.remove(c))
	s.registerTags(c)
}

func (c collection) path() string { return "/v2.0/" + c.kind }

func (s *Service) list(c collection) resource.Handler {
	return func(r *resource.Request) (any, error) {
		if c.kind == groups {
			s.defaultGroup(r.Caller.ProjectID)
		}
		var seen []resource.Doc
		for _, d := range s.o.Store.All(c.kind) {
			if c.sees(r.Caller, d) {
				seen = append(seen, seenBy(d, r.Caller.ProjectID))
			}
		}
		page, more := c.query.Select(seen, r.URL.Query())
		out := map[string]any{c.key(): page}
		if more {
			q := r.URL.Query()
			q.Set("marker", resource.Text(page[len(page)-1], "id"))
			out[c.key()+"_links"] = []any{map[string]string{"rel": "next", "href": s.o.URL + c.path() + "?" + q.Encode()}}
		}
		return out, nil
	}
}

// create creates the resource in a body, or all resources of a list in it.
func (s *Service) create(c collection) resource.Handler {
	return func(r *resource.Request) (any, error) {
		body, err := r.Body("")
		if err != nil {
			return nil, err
		}
		list := resource.Docs(body, c.key())
		if list == nil {
			d, err := s.make(c, r, resource.Object(body, c.singular))
			return map[string]any{c.singular: d}, err
		}
		made := []any{}
		for _, one := range list {
			d, err := s.make(c, r, one)
			if err != nil {
				return nil, err
			}
			made = append(made, d)
		}
		return map[string]any{c.key(): made}, nil
	}
}

func (s *Service) show(c collection) resource.Handler {
	return func(r *resource.Request) (any, error) {
		d, err := s.find(c, r)
		if err != nil {
			return nil, err
		}
		page, _ := resource.Query{}.Select([]resource.Doc{seenBy(d, r.Caller.ProjectID)}, url.Values{"fields": r.URL.Query()["fields"]})
		return map[string]any{c.singular: page[0]}, nil
	}
}

// replace handles PUT.
func (s *Service) replace(c collection) resource.Handler {
	return func(r *resource.Request) (any, error) {
		d, err := s.find(c, r)
		if err != nil {
			return nil, err
		}
		body, err := r.Body(c.singular)
		if err != nil {
			return nil, err
		}
		for _, attribute := range c.readOnly {
			if _, given := body[attribute]; given {
				return nil, bad("Cannot update read-only attribute %s", attribute)
			}
		}
		if err := c.mayChange(r, d); err != nil {
			return nil, err
		}
		if err := checkRevision(r, d); err != nil {
			return nil, err
		}
		if c.before != nil {
			if err := c.before(r, d, body); err != nil {
				return nil, err
			}
		}
		d, err = s.update(c, resource.Text(d, "id"), body)
		return map[string]any{c.singular: resource.Shown(d)}, err
	}
}

func (s *Service) remove(c collection) resource.Handler {
	return func(r *resource.Request) (any, error) {
		d, err := s.find(c, r)
		if err != nil {
			return nil, err
		}
		if err := c.mayChange(r, d); err != nil {
			return nil, err
		}
		if err := checkRevision(r, d); err != nil {
			return nil, err
		}
		return nil, s.delete(c, d)
	}
}

func (c collection) sees(who *resource.Caller, d resource.Doc) bool {
	return who.Can(resource.Text(d, "project_id")) || c.visible != nil && c.visible(d) ||
		len(resource.List(d, "_shared_with")) > 0 && sharedWith(d, who.ProjectID)
}

func (s *Service) find(c collection, r *resource.Request) (resource.Doc, error) {
	id := r.PathValue("id")
	d := s.o.Store.Get(c.kind, id)
	switch {
	case d == nil:
		return nil, c.missing(id)
	case c.sees(r.Caller, d):
		return d, nil
	case d["project_id"] == nil: // of no project; Neutron looks for other resources only in those that the caller sees
		return nil, hidden()
	default:
		return nil, c.missing(id)
	}
}

// checkRevision refuses a change of a resource that does not have the revision in If-Match.
func checkRevision(r *resource.Request, d resource.Doc) error {
	want, given := strings.CutPrefix(r.Header.Get("If-Match"), "revision_number=")
	if has := resource.Int(d, "revision_number"); given && want != fmt.Sprint(has) {
		return resource.Errorf(http.StatusPreconditionFailed, "RevisionNumberConstraintFailed",
			"Constrained to %s, but current revision is %d", want, has)
	}
	return nil
}

func (s *Service) make(c collection, r *resource.Request, body resource.Doc) (resource.Doc, error) {
	id := uuid.NewString()
	d, err := c.create(r, id, body)
	if err != nil {
		return nil, err
	}
	if s.o.Store.Get(c.kind, id) == nil { // c.create may have stored it
		if err := s.o.Store.Put(c.kind, id, d); err != nil {
			return nil, err
		}
	}
	if c.kind == floating {
		s.touched(c.kind, d)
	}
	return resource.Shown(d), nil
}

func (s *Service) update(c collection, id string, body resource.Doc) (resource.Doc, error) {
	d, err := s.o.Store.Update(c.kind, id, func(d resource.Doc) error {
		if c.change != nil {
			if err := c.change(d, body); err != nil {
				return err
			}
		}
		for field, v := range body {
			if _, known := d[field]; known && field != "id" {
				d[field] = v
			}
		}
		d["updated_at"] = s.o.Store.Now()
		d["revision_number"] = resource.Int(d, "revision_number") + 1
		return nil
	})
	if errors.Is(err, resource.ErrNotFound) {
		err = c.missing(id)
	}
	if err == nil {
		s.touched(c.kind, d)
	}
	return d, err
}

func (s *Service) delete(c collection, d resource.Doc) error {
	if c.remove != nil {
		if err := c.remove(d); err != nil {
			return err
		}
	}
	_, err := s.o.Store.Delete(c.kind, resource.Text(d, "id"))
	if err == nil {
		s.touched(c.kind, d)
		err = s.dropAccess(resource.Text(d, "id"))
	}
	return err
}

// touched reports a change of a port or a floating IP to the hosts, for the info cache of the
// server.
func (s *Service) touched(kind string, d resource.Doc) {
	if s.o.Changed == nil {
		return
	}
	switch kind {
	case networks, subnets:
		// Nova refreshes the name and the gateway of a network in info caches periodically; here
		// they change at once.
		network := d["network_id"]
		if kind == networks {
			network = d["id"]
		}
		told := map[string]bool{}
		for _, p := range s.o.Store.Find(ports, "network_id", network) {
			if server := resource.Text(p, "device_id"); !told[server] {
				told[server] = true
				s.touched(ports, p)
			}
		}
	case ports:
		if server := resource.Text(d, "device_id"); strings.HasPrefix(resource.Text(d, "device_owner"), "compute:") {
			s.o.Changed(server)
		}
	case floating:
		for _, field := range []string{"port_id", "_port_before"} {
			if p := s.o.Store.Get(ports, resource.Text(d, field)); p != nil {
				s.touched(ports, p)
			}
		}
	}
}

// commonFields returns the fields that every resource has.
func (s *Service) commonFields(id, project string, body resource.Doc) resource.Doc {
	now := s.o.Store.Now()
	return resource.Doc{"id": id, "name": resource.Or(body, "name", ""), "description": resource.Or(body, "description", ""),
		"project_id": project, "tenant_id": project,
		"tags": []any{}, "created_at": now, "updated_at": now, "revision_number": 1}
}

func bad(format string, args ...any) error {
	return resource.Errorf(http.StatusBadRequest, "HTTPBadRequest", format, args...)
}

// inSubnet tells whether an address is in a subnet.
func inSubnet(subnet resource.Doc, address netip.Addr) bool {
	p, err := netip.ParsePrefix(resource.Text(subnet, "cidr"))
	return err == nil && p.Contains(address)
}
