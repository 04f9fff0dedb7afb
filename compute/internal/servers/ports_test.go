package servers_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/nova-go/nova/internal/novatest"
)

// portsOf is a cloud with a port of Neutron and a device profile of Cyborg, whose
// nova-compute has a version.
type portsOf struct {
	*novatest.Stack
	t     *testing.T
	n     *novatest.StandIn
	image string
}

const (
	aPort   = "75c2cc0a-0000-4000-8000-0000000000aa"
	groupA  = "75c2cc0a-0000-4000-8000-000000000001"
	groupB  = "75c2cc0a-0000-4000-8000-000000000002"
	flatAsk = `{"resources": {"NET_BW_IGR_KILOBIT_PER_SEC": 1000}, "required": ["CUSTOM_PHYSNET_X"]}`
	bothAsk = `{"request_groups": [{"id": "` + groupA + `", "required": ["CUSTOM_A"], "resources": {"NET_PACKET_RATE_KILOPACKET_PER_SEC": 1}},
		{"id": "` + groupB + `", "resources": {"NET_BW_IGR_KILOBIT_PER_SEC": 5}}], "same_subtree": ["` + groupA + `", "` + groupB + `"]}`
	tooOldForGroups = "The port-resource-request-groups neutron API extension is not supported by old nova compute service. Upgrade your compute services to Xena (24.0.0) or later."
)

func withPorts(t *testing.T) *portsOf {
	n := novatest.NewStandIn(t, map[string]string{
		"GET /v2/device_profiles": `200 {"device_profiles": [{"groups": [{"resources:FPGA": "1", "trait:CUSTOM_FAST": "required"}]}]}`,
		"GET /v2.0/networks/n1":   `200 {"network": {"provider:physical_network": "physnet1"}}`,
	})
	s := novatest.New(t, novatest.Conf("[cyborg]\nendpoint_override = "+n.URL+"/v2\n[neutron]\nendpoint_override = "+n.URL+"\nextension_sync_interval = 0\n[workarounds]\ndisable_compute_service_check_for_ffu = true"))
	p := &portsOf{s, t, n, s.Server(novatest.VM{}).Image}
	s.Service("compute-1", "nova-compute")
	p.grouped(false)
	return p
}

// grouped says whether Neutron has the extension for groups of resources.
func (p *portsOf) grouped(has bool) {
	list := `[]`
	if has {
		list = `[{"alias": "port-resource-request-groups"}]`
	}
	p.n.Answer("GET /v2.0/extensions", `200 {"extensions": `+list+`}`)
}

// port says what the port is.
func (p *portsOf) port(kind, more string) {
	one := `{"id": "` + aPort + `", "network_id": "n1", "device_id": "", "fixed_ips": [{}], "binding:vnic_type": "` + kind + `"` + more + `}`
	p.n.Answer("GET /v2.0/ports/"+aPort, `200 {"port": `+one+`}`)
	p.n.Answer("GET /v2.0/ports", `200 {"ports": [`+one+`]}`)
}

func (p *portsOf) computes(version int) { p.Exec("cell1", "UPDATE services SET version = ?", version) }

func (p *portsOf) create(version, flavor string) *novatest.Response {
	return p.As("demo").MV(version).Do("POST /servers", `{"server": {"name": "x", "flavorRef": "`+flavor+`", "imageRef": "`+p.image+`", "networks": [{"port": "`+aPort+`"}]}}`)
}

// spec is the request spec that a creation sends.
func (p *portsOf) spec(flavor string) map[string]json.RawMessage {
	p.t.Helper()
	m := p.Messages(func() { p.create("2.72", flavor).Expect(202) })
	var specs []struct {
		Data map[string]json.RawMessage `json:"nova_object.data"`
	}
	if err := json.Unmarshal(m.All[0].Args["request_specs"], &specs); err != nil {
		p.t.Fatal(err)
	}
	return specs[0].Data
}

func (p *portsOf) has(spec map[string]json.RawMessage, field string, wants ...string) {
	p.t.Helper()
	for _, want := range wants {
		if !strings.Contains(string(spec[field]), want) {
			p.t.Errorf("%s is %s, want %s", field, spec[field], want)
		}
	}
}

// TestPortsWithProfiles makes servers with ports that are devices of Cyborg.
func TestPortsWithProfiles(t *testing.T) {
	t.Parallel()
	p := withPorts(t)
	p.port("accelerator-direct", `, "device_profile": "nic"`)
	spec := p.spec("1")
	p.has(spec, "requested_resources", `"requester_id":"device_profile_0`+aPort+`"`, `"resources":{"FPGA":1}`, `"required_traits":["CUSTOM_FAST"]`)
	p.has(spec, "requested_networks", `"device_profile":"nic"`, `"port_id":"`+aPort+`"`)
	p.has(spec, "network_metadata", `"physnets":["physnet1"]`)
	p.create("2.71", "1").Expect(400).Fault("badRequest", "Creating servers with ports having resource requests, like a port with a QoS minimum bandwidth policy, is not supported until microversion 2.72.")
	p.computes(56)
	p.create("2.71", "1").Expect(400).Fault("badRequest", "Port with cyborg profile is not available until upgrade finished.")
	p.computes(74)
	p.port("accelerator-direct-physical", "")
	p.create("2.72", "1").Expect(400).Fault("badRequest", "Device profile name None: No device profile for port "+aPort+".")
	p.port("accelerator-direct-physical", `, "device_profile": "nic"`)
	for profiles, message := range map[string]string{
		`{"groups": [{"resources:FPGA": "2"}]}`:                          "request multiple devices for single port.",
		`{"groups": [{"resources:FPGA": "1"}, {"resources:VGPU": "1"}]}`: "request multiple devices for single port.",
		``: "Expected 1 device profile but got nothing.",
	} {
		p.n.Answer("GET /v2/device_profiles", `200 {"device_profiles": [`+profiles+`]}`)
		p.create("2.72", "1").Expect(400).Fault("badRequest", "Device profile name nic: "+message)
	}
}

// TestPortsWithResources makes servers with ports that ask Placement for resources, in
// both forms that Neutron has for that.
func TestPortsWithResources(t *testing.T) {
	t.Parallel()
	p := withPorts(t)
	p.port("normal", `, "resource_request": `+flatAsk)
	spec := p.spec("1")
	p.has(spec, "requested_resources", `"requester_id":"`+aPort+`"`, `"resources":{"NET_BW_IGR_KILOBIT_PER_SEC":1000}`, `"required_traits":["CUSTOM_PHYSNET_X"]`)
	p.has(spec, "request_level_params", `"nova_object.data":{}`)
	p.grouped(true)
	p.port("normal", `, "resource_request": `+bothAsk)
	spec = p.spec("1")
	p.has(spec, "requested_resources", `"requester_id":"`+groupA+`"`, `"resources":{"NET_PACKET_RATE_KILOPACKET_PER_SEC":1}`, `"requester_id":"`+groupB+`"`)
	p.has(spec, "request_level_params", `"same_subtree":[["`+groupA+`","`+groupB+`"]]`, `"root_required":[]`)
	p.computes(57)
	p.create("2.72", "1").Expect(400).Fault("badRequest", tooOldForGroups)
	p.port("normal", `, "resource_request": {}`)
	p.has(p.spec("1"), "requested_resources", `[]`)
}

// TestPortsOfDevices makes servers with ports that are PCI devices: these have the NUMA
// policy of the flavor where they have none of their own.
func TestPortsOfDevices(t *testing.T) {
	t.Parallel()
	p := withPorts(t)
	admin := p.As("admin")
	admin.Do("POST /flavors", `{"flavor": {"id": "near", "name": "near", "vcpus": 1, "ram": 64, "disk": 1}}`).Expect(200)
	admin.Do("POST /flavors/near/os-extra_specs", `{"extra_specs": {"hw:pci_numa_affinity_policy": "required"}}`).Expect(200)
	p.port("direct", "")
	p.has(p.spec("near"), "pci_requests", `"numa_policy":"required"`, `"physical_network":"physnet1"`, `"requester_id":"`+aPort+`"`)
	p.port("direct", `, "numa_affinity_policy": "socket"`)
	p.has(p.spec("near"), "pci_requests", `"numa_policy":"socket"`)
	p.port("remote-managed", "")
	p.has(p.spec("1"), "pci_requests", `"remote_managed":"True"`)
	p.computes(60)
	p.create("2.72", "1").Expect(400).Fault("badRequest", "Remote-managed ports are not supported until an upgrade is fully finished.")
}

// TestPortsThatHostsRefuse attaches ports that the server's host is too old for.
func TestPortsThatHostsRefuse(t *testing.T) {
	t.Parallel()
	p := withPorts(t)
	vm := p.Server(novatest.VM{})
	attach := func() *novatest.Response {
		return p.As("admin").Do("POST /servers/"+vm.UUID+"/os-interface", `{"interfaceAttachment": {"port_id": "`+aPort+`"}}`)
	}
	for _, c := range []struct {
		kind, more string
		grouped    bool
		version    int
		message    string
	}{
		{"accelerator-direct", "", false, 74, "Feature not supported with Ports that have accelerators."},
		{"remote-managed", "", false, 60, "Remote-managed ports are not supported until an upgrade is fully finished."},
		{"normal", `, "resource_request": ` + flatAsk, false, 54, "Attaching interfaces with QoS policy is not supported for instance " + vm.UUID + "."},
		{"normal", `, "resource_request": ` + bothAsk, true, 59, tooOldForGroups},
	} {
		p.grouped(c.grouped)
		p.port(c.kind, c.more)
		p.computes(c.version)
		attach().Expect(400).Fault("badRequest", c.message)
	}
	p.n.Answer("GET /v2.0/ports/"+aPort, `404 {}`)
	attach().Expect(404).Fault("itemNotFound", "Port id "+aPort+" could not be found.")
}

// TestMovesOfPortsWithGroups refuses to move servers whose ports ask for groups of
// resources while there are computes that cannot.
func TestMovesOfPortsWithGroups(t *testing.T) {
	t.Parallel()
	p := withPorts(t)
	p.grouped(true)
	p.port("normal", `, "resource_request": `+bothAsk)
	p.computes(58)
	admin := p.As("admin").MV("2.30")
	active, shelved := p.Server(novatest.VM{}), p.Server(novatest.VM{VMState: "shelved"})
	for _, c := range []struct{ server, action string }{
		{active.UUID, `{"resize": {"flavorRef": "2"}}`}, {active.UUID, `{"migrate": null}`}, {active.UUID, `{"evacuate": {}}`},
		{active.UUID, `{"os-migrateLive": {"host": null, "block_migration": "auto"}}`}, {shelved.UUID, `{"unshelve": null}`},
	} {
		p.Changes(func() {
			admin.Do("POST /servers/"+c.server+"/action", c.action).Expect(400).Fault("badRequest", tooOldForGroups)
		}).Expect()
	}
	p.port("normal", `, "resource_request": `+flatAsk)
	admin.Do("POST /servers/"+shelved.UUID+"/action", `{"unshelve": null}`).Expect(202)
}

// TestRevertWithPortResources tells the host what the ports ask for: that is kept nowhere.
func TestRevertWithPortResources(t *testing.T) {
	t.Parallel()
	p := withPorts(t)
	p.grouped(true)
	p.port("normal", `, "resource_request": `+bothAsk)
	vm := p.Stack.Resized()
	p.Exec("cell1", "UPDATE instance_info_caches SET network_info = ? WHERE instance_uuid = ?", `[{"id": "`+aPort+`", "profile": {"allocation": {"`+groupA+`": "`+groupB+`"}}}]`, vm.UUID)
	m := p.Messages(func() { p.As("demo").Do(vm.Action(), `{"revertResize": null}`).Expect(202) })
	spec := string(m.All[0].Args["request_spec"])
	for _, want := range []string{`"requester_id":"` + groupB + `"`, `"same_subtree":[["` + groupA + `","` + groupB + `"]]`} {
		if !strings.Contains(spec, want) {
			t.Errorf("the host is told %s, want %s", spec, want)
		}
	}
}

// TestGroupMembersBeforeMigration counts the servers of a group in the cells while
// mappings do not say whose they are.
func TestGroupMembersBeforeMigration(t *testing.T) {
	t.Parallel()
	s := novatest.New(t, novatest.Conf("[quota]\nserver_group_members = 2"))
	demo := s.As("demo")
	group := demo.Do("POST /os-server-groups", `{"server_group": {"name": "g", "policies": ["affinity"]}}`).Expect(200).At("server_group", "id")
	one, soft, other := s.Server(novatest.VM{}), s.Server(novatest.VM{VMState: "soft-delete"}), s.Server(novatest.VM{User: "admin"})
	for _, vm := range []novatest.VM{one, soft, other} {
		s.Insert("api", "instance_group_member", map[string]any{"instance_uuid": vm.UUID, "group_id": 1})
	}
	s.Exec("api", "UPDATE instance_mappings SET user_id = NULL, queued_for_delete = NULL")
	create := func() *novatest.Response {
		return demo.MV("2.37").Do("POST /servers", `{"server": {"name": "x", "flavorRef": "1", "imageRef": "`+one.Image+`", "networks": "none"}, "os:scheduler_hints": {"group": "`+group+`"}}`)
	}
	create().Expect(202)                                                                 // that of the user in the cell; neither what is deleted nor another's
	create().Expect(403).Fault("forbidden", "Quota exceeded, too many servers in group") // nor is it in a cell
	s.Exec("api", "UPDATE instance_mappings SET user_id = 'x', queued_for_delete = FALSE")
	create().Expect(202)
}

// TestPortsOfDeletedServers frees the accelerator behind a port with a server that its
// host does not delete.
func TestPortsOfDeletedServers(t *testing.T) {
	t.Parallel()
	p := withPorts(t)
	p.port("accelerator-direct", `, "device_profile": "nic", "binding:profile": {"arq_uuid": "a1", "keep": 1}`)
	p.n.Answer("PUT /v2.0/ports/"+aPort, `200 {}`)
	p.n.Answer("DELETE /v2/accelerator_requests", `204 `)
	gone := p.Server(novatest.VM{Host: "nosuch"})
	p.Exec("cell1", "UPDATE instance_info_caches SET network_info = ? WHERE instance_uuid = ?", `[{"id": "`+aPort+`", "vnic_type": "accelerator-direct", "preserve_on_delete": true}]`, gone.UUID)
	p.As("demo").Do("DELETE /servers/" + gone.UUID).Expect(204)
	if !p.n.Asked("DELETE /v2/accelerator_requests") {
		t.Error("the accelerator request of the port stays")
	}
	p.n.Got(t, "PUT /v2.0/ports/"+aPort, `{"port": {"device_id": "", "device_owner": "", "binding:host_id": null, "binding:profile": {"keep": 1}}}`)
}
