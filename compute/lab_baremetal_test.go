//go:build lab

package compute_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"
)

// newNode creates a node of a resource class in Ironic that is available for servers, with a network interface.
func newNode(variable, class, properties string) []labStep {
	on := func(name, do, body, save, reach string) labStep {
		return labStep{chapter: chapter{name: name + " " + variable, do: do, body: body, save: save}, on: "baremetal", quiet: true, reach: reach}
	}
	node := "/v1/nodes/{" + variable + "}"
	return []labStep{
		on("create", "POST /v1/nodes", `{"driver": "fake-hardware", "name": "`+variable+`-{side}", "resource_class": "`+class+`", "properties": `+properties+`}`, variable+"=uuid", ""),
		on("give an interface to", "POST /v1/ports", `{"node_uuid": "{`+variable+`}", "address": "{mac}"}`, "", ""),
		on("manage", "PUT "+node+"/states/provision", `{"target": "manage"}`, "", ""),
		on("await the management of", "GET "+node, "", "", "provision_state=manageable"),
		// Nova does not use a node whose power state is unknown, which that of fake hardware is at first.
		on("power off", "PUT "+node+"/states/power", `{"target": "power off"}`, "", ""),
		on("await the power of", "GET "+node, "", "", "power_state=power off"),
		on("provide", "PUT "+node+"/states/provision", `{"target": "provide"}`, "", ""),
		on("await", "GET "+node, "", "", "provision_state=available"),
	}
}

// removeNodes removes the nodes of both sides from Ironic.
func removeNodes(n *neighbourhood) {
	for _, s := range n.sides {
		for _, variable := range []string{"whole", "number", "bare"} {
			if id := s.variables[variable]; id != "" {
				n.request("baremetal", http.MethodDelete, "/v1/nodes/"+id, "")
			}
		}
	}
}

// TestLabBareMetal reads the nodes of a real Ironic.
func TestLabBareMetal(t *testing.T) {
	n := labNeighbourhood(t, "baremetal")
	read := func(name, do, version string) labStep {
		return labStep{chapter: chapter{name: name, do: do, version: version}, unordered: true}
	}
	as := func(user string, o labStep) labStep { o.as = user; o.name += " as " + user; return o }
	write := func(name, do, body string) labStep {
		return labStep{chapter: chapter{name: name, do: do, body: body, version: "2.1"}}
	}
	badName := read("show a name with a space", "GET /os-baremetal-nodes/a%20b", "2.1")
	badName.breaks = true
	steps := newNode("whole", "baremetal", `{"cpus": "4", "memory_mb": "8192", "local_gb": "100", "cpu_arch": "x86_64"}`)
	steps = append(steps, newNode("number", "baremetal", `{"cpus": 2, "memory_mb": 4096, "local_gb": 50}`)[:1]...)
	steps = append(steps, newNode("bare", "baremetal", `{}`)[:1]...)
	steps = append(steps,
		read("list", "GET /os-baremetal-nodes", "2.1"), read("list at 2.35", "GET /os-baremetal-nodes", "2.35"), read("list at 2.36", "GET /os-baremetal-nodes", "2.36"),
		read("list with a query", "GET /os-baremetal-nodes?limit=1", "2.1"), as("demo", read("list", "GET /os-baremetal-nodes", "2.1")),
		as("reader", read("list", "GET /os-baremetal-nodes", "2.1")),
		read("show", "GET /os-baremetal-nodes/{whole}", "2.1"), read("show numbers", "GET /os-baremetal-nodes/{number}", "2.1"),
		read("show nothing", "GET /os-baremetal-nodes/{bare}", "2.1"), read("show by name", "GET /os-baremetal-nodes/whole-{side}", "2.1"),
		read("show an unknown one", "GET /os-baremetal-nodes/6f1c2d3e-0000-4000-8000-000000000001", "2.1"), read("show no id", "GET /os-baremetal-nodes/none", "2.1"),
		badName, read("show at 2.36", "GET /os-baremetal-nodes/{whole}", "2.36"),
		as("demo", read("show", "GET /os-baremetal-nodes/{whole}", "2.1")),
		write("create", "POST /os-baremetal-nodes", `{"node": {}}`), write("delete", "DELETE /os-baremetal-nodes/{whole}", ""),
		write("add an interface", "POST /os-baremetal-nodes/{whole}/action", `{"add_interface": {"address": "aa:aa:aa:aa:aa:aa"}}`),
		write("remove an interface", "POST /os-baremetal-nodes/{whole}/action", `{"remove_interface": {"address": "aa:aa:aa:aa:aa:aa"}}`),
		write("another action", "POST /os-baremetal-nodes/{whole}/action", `{"none": null}`),
		labStep{chapter: chapter{name: "the hypervisor of the node", do: "GET /os-hypervisors?hypervisor_hostname_pattern={whole}", version: "2.53"}, reach: "hypervisors.0.state=up"},
		labStep{chapter: chapter{name: "the node afterwards", do: "GET /v1/nodes/{whole}"}, on: "baremetal"},
	)
	for k, s := range n.sides {
		now := time.Now().Unix()
		s.variables["mac"] = fmt.Sprintf("52:54:%02x:%02x:%02x:%02x", now>>16&0xff, now>>8&0xff, now&0xff, k)
	}
	t.Cleanup(func() { removeNodes(n) })
	n.run(t, steps)
}
