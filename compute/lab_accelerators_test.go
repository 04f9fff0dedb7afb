//go:build lab

package compute_test

import "testing"

// newAccelerated creates a flavor that requests a device profile; "" leaves the profile to Cyborg, which does not have it.
func newAccelerated(variable, profile, groups string) []labStep {
	return []labStep{
		{chapter: chapter{name: "profile " + profile, do: "POST /device_profiles", body: `[{"name": "` + profile + `", "groups": ` + groups + `}]`}, on: "accelerator", quiet: true},
		labFlavor(variable, `{"accel:device_profile": "`+profile+`"}`)[0], labFlavor(variable, `{"accel:device_profile": "`+profile+`"}`)[1],
	}
}

// labFlavor creates a flavor with extra specs, whose id becomes a variable.
func labFlavor(variable, specs string) []labStep {
	return []labStep{
		{chapter: chapter{name: "flavor " + variable, do: "POST /flavors", save: variable + "=flavor.id",
			body: `{"flavor": {"name": "` + variable + `-{side}", "ram": 64, "vcpus": 1, "disk": 1}}`}, quiet: true},
		{chapter: chapter{name: "extra specs of " + variable, do: "POST /flavors/{" + variable + "}/os-extra_specs", body: `{"extra_specs": ` + specs + `}`}, quiet: true},
	}
}

// TestLabAccelerators runs servers with accelerators of a real Cyborg.
func TestLabAccelerators(t *testing.T) {
	n := labNeighbourhood(t, "accelerator")
	var steps []labStep
	steps = append(steps, newAccelerated("accelerated", "lab-one-{side}", `[{"resources:FPGA": "1", "trait:CUSTOM_FAKE_DEVICE": "required"}]`)...)
	steps = append(steps, newAccelerated("accelerated2", "lab-two-{side}", `[{"resources:FPGA": "1"}, {"resources:FPGA": "2", "trait:CUSTOM_FAKE_DEVICE": "required", "accel:function_id": "x"}]`)...)
	steps = append(steps, newAccelerated("greedy", "lab-greedy-{side}", `[{"resources:FPGA": "100"}]`)...)
	steps = append(steps, labFlavor("profileless", `{"accel:device_profile": "no-such-profile"}`)...)

	create := func(flavor, variable string) labStep {
		return labStep{chapter: chapter{name: "create " + flavor, do: "POST /servers", save: variable + "=server.id", body: `{"server": {"name": "lab-accelerators", ` +
			`"imageRef": "{image}", "flavorRef": "{` + flavor + `}", "networks": [{"uuid": "{net}"}]}}`, until: "ACTIVE"}}
	}
	action := func(name, body, until string) labStep {
		return labStep{chapter: chapter{name: name, do: "action", body: body, until: until}}
	}
	left := func(when string) []labStep {
		return []labStep{
			{chapter: chapter{name: "requests " + when, do: "GET /accelerator_requests?instance={server}"}, on: "accelerator", unordered: true},
			{chapter: chapter{name: "allocations " + when, do: "GET /allocations/{server}"}, on: "placement"},
			{chapter: chapter{name: "server " + when, do: "GET /servers/{server}"}},
		}
	}
	steps = append(steps, create("profileless", "none"))
	steps = append(steps, create("accelerated", "server"))
	steps = append(steps, left("after the creation")...)
	steps = append(steps,
		action("stop", `{"os-stop": null}`, "SHUTOFF"), action("start", `{"os-start": null}`, "ACTIVE"), action("reboot", `{"reboot": {"type": "HARD"}}`, "ACTIVE"),
		action("pause", `{"pause": null}`, "PAUSED"), action("unpause", `{"unpause": null}`, "ACTIVE"),
		action("suspend", `{"suspend": null}`, ""), action("resize", `{"resize": {"flavorRef": "{flavor_alt}"}}`, ""),
		action("resize to another profile", `{"resize": {"flavorRef": "{accelerated2}"}}`, ""),
		action("migrate", `{"migrate": null}`, ""), action("live migrate", `{"os-migrateLive": {"host": null, "block_migration": "auto"}}`, ""),
		action("evacuate", `{"evacuate": {}}`, ""), action("rescue", `{"rescue": {"adminPass": "secret"}}`, "RESCUE"), action("unrescue", `{"unrescue": null}`, "ACTIVE"),
		action("rebuild", `{"rebuild": {"imageRef": "{image}"}}`, "ACTIVE"), action("create image", `{"createImage": {"name": "lab-accelerators"}}`, "ACTIVE"))
	steps = append(steps, left("after the rebuild")...)
	shelve := action("shelve", `{"shelve": null}`, "SHELVED_OFFLOADED")
	shelve.racing = "instance_info_caches"
	steps = append(steps, shelve)
	steps = append(steps, left("while shelved")...)
	steps = append(steps, action("unshelve", `{"unshelve": null}`, "ACTIVE"))
	steps = append(steps, left("after the unshelving")...)
	steps = append(steps, labStep{chapter: chapter{name: "delete", do: "DELETE /servers/{server}", until: "gone"}})
	steps = append(steps, left("after the deletion")...)
	greedy := create("greedy", "server")
	greedy.until = "ERROR"
	steps = append(steps, greedy)
	steps = append(steps, left("without enough devices")...)
	steps = append(steps, labStep{chapter: chapter{name: "delete what has no devices", do: "DELETE /servers/{server}", until: "gone"}})
	steps = append(steps, create("flavor", "server"), action("resize to accelerators", `{"resize": {"flavorRef": "{accelerated}"}}`, ""),
		labStep{chapter: chapter{name: "delete without accelerators", do: "DELETE /servers/{server}", until: "gone"}})
	n.run(t, steps)
}
