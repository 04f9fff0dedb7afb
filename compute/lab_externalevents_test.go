//go:build lab

package compute_test

import "testing"

// TestLabExternalEvents sends the events of other services about a server, and what they send in the wrong way.
func TestLabExternalEvents(t *testing.T) {
	n := labNeighbourhood(t, "compute")
	n.tokens["service"] = labTokenOf(t, "nova", "service")
	for _, s := range n.sides {
		s.variables["volume"] = labVolume(t, s.token)
	}
	event := func(name, version, as, events string) labStep {
		return labStep{chapter: chapter{name: name, do: "POST /os-server-external-events", version: version, body: `{"events": [` + events + `]}`}, as: as}
	}
	const (
		unknown = `{"name": "network-changed", "server_uuid": "6f1c2d3e-0000-4000-8000-000000000001"}`
		changed = `{"name": "network-changed", "server_uuid": "{server}"}`
	)
	of := func(name, more string) string {
		return `{"name": "` + name + `", "server_uuid": "{server}"` + more + `}`
	}
	port := `, "tag": "{port}"`
	n.run(t, []labStep{
		{chapter: chapter{name: "create", do: "POST /servers", save: "server=server.id", until: "ACTIVE", body: `{"server": {"name": "lab-events", ` +
			`"imageRef": "{image}", "flavorRef": "{flavor}", "networks": [{"uuid": "{net}"}]}}`}},
		{chapter: chapter{name: "its port", do: "GET /servers/{server}/os-interface", save: "port=interfaceAttachments.0.port_id"}, quiet: true},
		event("network changed", "2.1", "", changed), event("network changed, as a service", "2.96", "service", changed),
		event("network changed, of a port", "2.1", "service", of("network-changed", port)),
		event("port plugged", "2.1", "service", of("network-vif-plugged", port)), event("port failed", "2.1", "service", of("network-vif-plugged", port+`, "status": "failed"`)),
		event("port unplugged", "2.1", "service", of("network-vif-unplugged", port)), event("unknown port deleted", "2.1", "service", of("network-vif-deleted", `, "tag": "6f1c2d3e-0000-4000-8000-000000000002"`)),
		event("volume extended", "2.51", "service", of("volume-extended", `, "tag": "{volume}"`)), event("volume extended before 2.51", "2.50", "service", of("volume-extended", `, "tag": "{volume}"`)),
		event("accelerator bound", "2.82", "service", of("accelerator-request-bound", `, "tag": "6f1c2d3e-0000-4000-8000-000000000003"`)),
		event("volume reimaged", "2.93", "service", of("volume-reimaged", `, "tag": "{volume}"`)),
		event("unknown server", "2.1", "service", unknown), event("one of two servers unknown", "2.1", "service", unknown+", "+changed),
		event("two events", "2.1", "service", changed+", "+of("network-vif-plugged", port)), event("no events", "2.1", "service", ""),
		event("unknown event", "2.1", "service", of("network-vif-painted", "")), event("unknown status", "2.1", "service", of("network-changed", `, "status": "odd"`)),
		event("no server", "2.1", "service", `{"name": "network-changed"}`), event("a member too many", "2.1", "service", of("network-changed", `, "more": 1`)),
		event("power update without a tag", "2.76", "service", of("power-update", "")), event("as a member", "2.1", "demo", changed),
		// The driver of the lab's hosts does not follow the power.
		event("power off", "2.76", "", of("power-update", `, "tag": "POWER_OFF"`)), event("power on", "2.76", "service", of("power-update", `, "tag": "POWER_ON"`)),
		{chapter: chapter{name: "delete", do: "DELETE /servers/{server}", until: "gone"}},
		event("of a deleted server", "2.1", "service", changed),
	})
}
