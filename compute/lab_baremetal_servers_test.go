//go:build lab

package compute_test

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// metalAction is an action on the server, and the status that it ends with.
func metalAction(name, body, until string) labStep {
	return labStep{chapter: chapter{name: name, do: "action", body: body, until: until}}
}

func metalStep(name, do, body string) labStep {
	return labStep{chapter: chapter{name: name, do: do, body: body}}
}

// metalState shows what Nova, Ironic and Placement have about the server and its node.
func metalState(when string) []labStep {
	return []labStep{
		metalStep("server "+when, "GET /servers/{server}", ""),
		{chapter: chapter{name: "node " + when, do: "GET /v1/nodes?instance_uuid={server}&fields=provision_state,power_state,instance_info,resource_class,instance_uuid"}, on: "baremetal"},
		{chapter: chapter{name: "allocations " + when, do: "GET /allocations/{server}"}, on: "placement"},
	}
}

// metalCreation creates servers on nodes: too large a request, and one that a node serves.
func metalCreation() []labStep {
	const body = `{"server": {"name": "lab-metal", "imageRef": "{image}", "flavorRef": "{%s}", "networks": [{"uuid": "{net}"}], "metadata": {"a": "b"}}}`
	steps := slices.Concat(labFlavor("metal", `{"resources:{class}": "1", "resources:VCPU": "0", "resources:MEMORY_MB": "0", "resources:DISK_GB": "0"}`),
		labFlavor("greedy", `{"resources:{class}": "2", "resources:VCPU": "0", "resources:MEMORY_MB": "0", "resources:DISK_GB": "0"}`),
		labFlavor("metal2", `{"resources:{class}": "1", "resources:VCPU": "0", "resources:MEMORY_MB": "0", "resources:DISK_GB": "0", "a:b": "c"}`))
	return append(steps,
		labStep{chapter: chapter{name: "await the inventory", do: "GET /resource_providers?name={whole}&resources={class}:1"}, on: "placement",
			reach: "resource_providers.0.name={whole}", quiet: true},
		labStep{chapter: chapter{name: "create without enough nodes", do: "POST /servers", save: "server=server.id", until: "ERROR", body: fmt.Sprintf(body, "greedy")}},
		metalStep("server without a node", "GET /servers/{server}", ""),
		labStep{chapter: chapter{name: "delete the server without a node", do: "DELETE /servers/{server}", until: "gone"}},
		labStep{chapter: chapter{name: "create a server on a node", do: "POST /servers", save: "server=server.id", until: "ACTIVE", body: fmt.Sprintf(body, "metal")}})
}

// metalReads reads the server and its node through Nova.
func metalReads() []labStep {
	old := func(name, do string) labStep {
		return labStep{chapter: chapter{name: name, do: do, version: "2.1"}, unordered: true}
	}
	return []labStep{
		metalStep("list servers", "GET /servers/detail?host=baremetal-1&uuid={server}", ""), old("show at 2.1", "GET /servers/{server}"),
		metalStep("actions", "GET /servers/{server}/os-instance-actions", ""), metalStep("diagnostics", "GET /servers/{server}/diagnostics", ""),
		metalStep("addresses", "GET /servers/{server}/ips", ""), metalStep("interfaces", "GET /servers/{server}/os-interface", ""),
		metalStep("topology", "GET /servers/{server}/topology", ""),
		metalStep("the hypervisor and its servers", "GET /os-hypervisors?hypervisor_hostname_pattern={whole}&with_servers=true", ""),
		old("the node of the server", "GET /os-baremetal-nodes/{whole}"), old("all nodes", "GET /os-baremetal-nodes"),
	}
}

// metalPower changes the power of the node, in Nova and in Ironic.
func metalPower() []labStep {
	event := metalStep("Ironic says that the power is off", "POST /os-server-external-events", `{"events": [{"name": "power-update", "server_uuid": "{server}", "tag": "POWER_OFF"}]}`)
	event.until = "SHUTOFF"
	steps := []labStep{metalAction("stop", `{"os-stop": null}`, "SHUTOFF")}
	steps = append(steps, metalState("without power")...)
	steps = append(steps, metalAction("stop again", `{"os-stop": null}`, ""), metalAction("start", `{"os-start": null}`, "ACTIVE"))
	steps = append(steps, metalState("with power")...)
	return append(steps, metalAction("reboot", `{"reboot": {"type": "SOFT"}}`, "ACTIVE"), metalAction("reboot hard", `{"reboot": {"type": "HARD"}}`, "ACTIVE"),
		event, metalAction("start after the event", `{"os-start": null}`, "ACTIVE"),
		metalAction("lock", `{"lock": {"locked_reason": "why"}}`, ""), metalStep("locked server", "GET /servers/{server}", ""), metalAction("unlock", `{"unlock": null}`, ""))
}

// metalRefused are operations that Ironic's driver does not have, or that nova-api refuses.
func metalRefused() []labStep {
	oldConsole := metalAction("VNC console at 2.1", `{"os-getVNCConsole": {"type": "novnc"}}`, "")
	oldConsole.version, oldConsole.breaks = "2.1", true // the driver raises KeyError for fake hardware
	return []labStep{
		metalAction("pause", `{"pause": null}`, "ACTIVE"), metalAction("suspend", `{"suspend": null}`, "ACTIVE"), metalAction("resume", `{"resume": null}`, ""),
		metalAction("shelve offload", `{"shelveOffload": null}`, ""), metalAction("evacuate", `{"evacuate": {}}`, ""),
		metalAction("live migrate", `{"os-migrateLive": {"host": null, "block_migration": "auto"}}`, "ACTIVE"), metalAction("migrate", `{"migrate": null}`, "ACTIVE"),
		metalAction("change the password", `{"changePassword": {"adminPass": "secret"}}`, ""), metalAction("inject network info", `{"injectNetworkInfo": null}`, ""),
		metalAction("crash dump", `{"trigger_crash_dump": null}`, ""), metalAction("console output", `{"os-getConsoleOutput": {"length": 5}}`, ""),
		metalStep("VNC console", "POST /servers/{server}/remote-consoles", `{"remote_console": {"protocol": "vnc", "type": "novnc"}}`),
		metalStep("serial console", "POST /servers/{server}/remote-consoles", `{"remote_console": {"protocol": "serial", "type": "serial"}}`),
		oldConsole,
		metalStep("attach a volume", "POST /servers/{server}/os-volume_attachments", `{"volumeAttachment": {"volumeId": "{volume}"}}`),
		metalStep("detach the volume", "DELETE /servers/{server}/os-volume_attachments/{volume}", ""),
		metalStep("attach an unknown volume", "POST /servers/{server}/os-volume_attachments", `{"volumeAttachment": {"volumeId": "6f1c2d3e-0000-4000-8000-000000000001"}}`),
		metalAction("create an image", `{"createImage": {"name": "lab-metal"}}`, "ACTIVE"),
	}
}

// metalChanges change the server and its node.
func metalChanges() []labStep {
	// Since 2.93 Nova has the driver rebuild root volumes as well, which Ironic's refuses for each server.
	rebuild := func(o labStep) labStep { o.version = "2.92"; return o }
	attach := metalStep("attach an interface", "POST /servers/{server}/os-interface", `{"interfaceAttachment": {"net_id": "{net}"}}`)
	attach.save = "port=interfaceAttachment.port_id"
	steps := []labStep{attach, metalStep("detach an interface", "DELETE /servers/{server}/os-interface/{port}", ""),
		metalAction("rescue", `{"rescue": {"adminPass": "secret"}}`, "RESCUE")}
	steps = append(steps, metalState("in rescue")...)
	steps = append(steps, metalAction("unrescue", `{"unrescue": null}`, "ACTIVE"), rebuild(metalAction("rebuild", `{"rebuild": {"imageRef": "{image}", "name": "lab-metal-2"}}`, "ACTIVE")))
	steps = append(steps, metalState("after the rebuild")...)
	steps = append(steps, rebuild(metalAction("rebuild with the ephemeral disk", `{"rebuild": {"imageRef": "{image}", "preserve_ephemeral": true}}`, "ACTIVE")),
		metalAction("resize to no flavor", `{"resize": {"flavorRef": "none"}}`, ""), metalAction("resize to the same flavor", `{"resize": {"flavorRef": "{metal}"}}`, ""),
		// No other node is free.
		metalAction("resize to a flavor for nodes", `{"resize": {"flavorRef": "{metal2}"}}`, "ACTIVE"))
	steps = append(steps, metalState("after that resize")...)
	steps = append(steps, metalAction("rebuild at 2.96", `{"rebuild": {"imageRef": "{image}"}}`, "ERROR"))
	steps = append(steps, metalState("after the failed rebuild")...)
	steps = append(steps, metalAction("reset the state", `{"os-resetState": {"state": "active"}}`, "ACTIVE"))
	// The scheduler finds a host, and Ironic's driver cannot move the server to it.
	steps = append(steps, metalAction("resize to a flavor for virtual machines", `{"resize": {"flavorRef": "{flavor_alt}"}}`, ""))
	return append(steps, metalState("after the failed resize")...)
}

// TestLabBareMetalServers leads servers on nodes of a real Ironic, which the ironic driver of a nova-compute manages, through their life.
func TestLabBareMetalServers(t *testing.T) {
	n := labNeighbourhood(t, "baremetal")
	now := time.Now().Unix()
	for k, s := range n.sides {
		s.variables["mac"] = fmt.Sprintf("52:55:%02x:%02x:%02x:%02x", now>>16&0xff, now>>8&0xff, now&0xff, k)
		// Each side has its own class of nodes, so that the scheduler does not take the node of the other side.
		s.variables["metalKind"], s.variables["class"] = fmt.Sprintf("lab-%d-%d", now, k), fmt.Sprintf("CUSTOM_LAB_%d_%d", now, k)
		s.variables["volume"] = labVolume(t, s.token)
	}
	t.Cleanup(func() { removeNodes(n) })
	n.run(t, slices.Concat(newNode("whole", "{metalKind}", `{"cpus": "4", "memory_mb": "8192", "local_gb": "100", "cpu_arch": "x86_64"}`),
		metalCreation(), metalState("after the creation"), metalReads(), metalPower(), metalRefused(), metalChanges(),
		[]labStep{{chapter: chapter{name: "delete the server", do: "DELETE /servers/{server}", until: "gone"}},
			metalStep("actions of the deleted server", "GET /servers/{server}/os-instance-actions", ""),
			{chapter: chapter{name: "allocations after the deletion", do: "GET /allocations/{server}"}, on: "placement"},
			{chapter: chapter{name: "the free node", do: "GET /v1/nodes/{whole}?fields=provision_state,power_state,instance_info,instance_uuid"}, on: "baremetal", reach: "provision_state=available"}}))
}
