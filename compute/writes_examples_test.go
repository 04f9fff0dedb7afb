package compute_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/nova-go/nova/internal/novatest"
)

// writeExample is a request that one row answers with success.
type writeExample struct {
	version string // microversion; "": 2.1
	role    string // "": demo
	// hosts: the example needs hosts that answer calls. Without them nobody takes messages,
	// and only what the operation itself does is among its effects.
	hosts   bool
	options func(*testing.T) []novatest.Option
	// request makes what the request is about, anew for each request, and answers the
	// path below /v2.1 and the body.
	request func(*testing.T, *novatest.Stack) (path, body string)
	// refused is true of an operation that Nova has given up: it answers 400 and changes
	// nothing.
	refused bool
}

// fixed is a request whose path and body have a number of their own in the place of {n}.
func fixed(path, body string) func(*testing.T, *novatest.Stack) (string, string) {
	return func(*testing.T, *novatest.Stack) (string, string) {
		n := fmt.Sprint(rand.Int64())
		return strings.ReplaceAll(path, "{n}", n), strings.ReplaceAll(body, "{n}", n)
	}
}

// about is a request whose path has the id of something in the place of {id}, and so has
// its body.
func about(thing func(*novatest.Stack) string, path, body string) func(*testing.T, *novatest.Stack) (string, string) {
	return func(_ *testing.T, s *novatest.Stack) (string, string) {
		id := thing(s)
		return strings.ReplaceAll(path, "{id}", id), strings.ReplaceAll(body, "{id}", id)
	}
}

func onServer(vm novatest.VM, below, body string) func(*testing.T, *novatest.Stack) (string, string) {
	return about(func(s *novatest.Stack) string { return s.Server(vm).UUID }, "/servers/{id}"+below, body)
}

func act(vm novatest.VM, body string) func(*testing.T, *novatest.Stack) (string, string) {
	return onServer(vm, "/action", body)
}

// withoutQuotas lets examples be repeated.
const withoutQuotas = "[quota]\ninstances = -1\ncores = -1\nram = -1\nkey_pairs = -1\nserver_groups = -1\n"

// stack is a cloud for the example: with hosts, or with the rows of two and of one that is
// down.
func (e writeExample) stack(t *testing.T) *novatest.Stack {
	opts := []novatest.Option{novatest.Conf(withoutQuotas)}
	if e.hosts {
		opts = append(opts, novatest.WithCompute())
	} else {
		opts = append(opts, novatest.Before(func(s *novatest.Stack) {
			s.ComputeHost("compute-1")
			s.ComputeHost("compute-2")
			s.ComputeHost("down")
			s.Exec("cell1", "UPDATE services SET forced_down = TRUE WHERE host = 'down'")
			s.Exec("cell1", "UPDATE compute_nodes SET hypervisor_hostname = host")
		}))
	}
	if e.options != nil {
		opts = append(opts, e.options(t)...)
	}
	s := novatest.New(t, opts...)
	unlimited(s)
	return s
}

// unlimited takes the quotas of the services from the project demo.
func unlimited(s *novatest.Stack) {
	demo := novatest.NameID("project", "demo")
	s.As("admin").At("").Do("PUT /network/v2.0/quotas/"+demo, `{"quota": {"floatingip": -1, "security_group": -1, "security_group_rule": -1, "port": -1}}`).Expect(200)
	s.As("admin").At("/volume/v3/"+novatest.NameID("project", "admin")).Do("PUT /os-quota-sets/"+demo, `{"quota_set": {"volumes": -1, "snapshots": -1, "gigabytes": -1}}`).Expect(200)
}

func network(s *novatest.Stack, name string) string {
	return s.As("admin").At("/network/v2.0").Do("GET /networks?name="+name).Expect(200).At("networks", "0", "id")
}

// port is one of the network private that belongs to a server.
func port(s *novatest.Stack, server string) (id, address string) {
	r := s.As("demo").At("/network/v2.0").Do("POST /ports", `{"port": {"network_id": "`+network(s, "private")+`", "device_id": "`+server+`", "device_owner": "compute:nova"}}`).Expect(201)
	return r.At("port", "id"), r.At("port", "fixed_ips", "0", "ip_address")
}

func floatingIP(s *novatest.Stack, port string) (id, address string) {
	body := `{"floatingip": {"floating_network_id": "` + network(s, "public") + `"}}`
	if port != "" {
		body = strings.Replace(body, `{"floatingip": {`, `{"floatingip": {"port_id": "`+port+`", `, 1)
	}
	r := s.As("demo").At("/network/v2.0").Do("POST /floatingips", body).Expect(201)
	return r.At("floatingip", "id"), r.At("floatingip", "floating_ip_address")
}

func securityGroup(s *novatest.Stack) string {
	return s.As("demo").At("/network/v2.0").Do("POST /security-groups", fmt.Sprintf(`{"security_group": {"name": "cut-%d"}}`, rand.Int64())).Expect(201).At("security_group", "id")
}

func image(s *novatest.Stack) string {
	id := s.As("demo").At("/image/v2").Do("POST /images", `{"name": "cut", "container_format": "bare", "disk_format": "raw", "a": "b"}`).Expect(201).At("id")
	s.As("demo").At("/image/v2").Header("Content-Type", "application/octet-stream").Do("PUT /images/"+id+"/file", "image").Expect(204)
	return id
}

func newFlavor(s *novatest.Stack) string {
	id := fmt.Sprintf("cut-%d", rand.Int64())
	s.As("admin").Do("POST /flavors", `{"flavor": {"id": "`+id+`", "name": "`+id+`", "ram": 64, "vcpus": 1, "disk": 1, "os-flavor-access:is_public": false}}`).Expect(200)
	s.As("admin").Do("POST /flavors/"+id+"/os-extra_specs", `{"extra_specs": {"hw:a": "b"}}`).Expect(200)
	return id
}

func accessible(s *novatest.Stack) string {
	id := newFlavor(s)
	s.As("admin").Do("POST /flavors/"+id+"/action", `{"addTenantAccess": {"tenant": "`+novatest.NameID("project", "demo")+`"}}`).Expect(200)
	return id
}

func keypair(s *novatest.Stack) string {
	name := fmt.Sprintf("cut-%d", rand.Int64())
	s.As("demo").Do("POST /os-keypairs", `{"keypair": {"name": "`+name+`", "public_key": "`+novatest.PublicKey+`"}}`).Expect(200)
	return name
}

func serverGroup(s *novatest.Stack) string {
	return s.As("demo").Do("POST /os-server-groups", `{"server_group": {"name": "cut", "policies": ["affinity"]}}`).Expect(200).At("server_group", "id")
}

func aggregate(s *novatest.Stack) string {
	return s.As("admin").Do("POST /os-aggregates", fmt.Sprintf(`{"aggregate": {"name": "cut-%d"}}`, rand.Int64())).Expect(200).At("aggregate", "id")
}

// aggregateWithHost is an aggregate with a host that is in no other one.
func aggregateWithHost(t *testing.T, s *novatest.Stack) (id, host string) {
	id = aggregate(s)
	host, _ = newHost(t, s)
	s.As("admin").Do("POST /os-aggregates/"+id+"/action", `{"add_host": {"host": "`+host+`"}}`).Expect(200)
	return id, host
}

// newHost is one whose nova-compute answers.
func newHost(t *testing.T, s *novatest.Stack) (name, service string) {
	name = fmt.Sprintf("cut-%d", rand.Int64())
	service, node := s.ComputeHost(name)
	s.Answer("compute", name, map[string]any{"set_host_enabled": "disabled", "host_maintenance_mode": "on_maintenance", "host_power_action": "done"})
	s.As("admin").At("/placement").Header("OpenStack-API-Version", "placement 1.20").Do("POST /resource_providers", `{"name": "`+name+`.example", "uuid": "`+node+`"}`).Expect(200)
	return name, service
}

func project(s *novatest.Stack) string {
	return s.As("admin").At("/identity/v3").Do("POST /projects", fmt.Sprintf(`{"project": {"name": "cut-%d"}}`, rand.Int64())).Expect(201).At("project", "id")
}
