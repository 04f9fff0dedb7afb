//go:build lab

package compute_test

import (
	"net/http"
	"testing"
)

// shareTables are the further tables about shares.
var shareTables = []table{{"cell", "share_mapping", "instance_uuid = ?"}}

// newShareSteps create a share in Manila, whose id becomes a variable.
func newShareSteps(variable, protocol, as string) []labStep {
	return []labStep{
		{chapter: chapter{name: "create " + variable, do: "POST /shares", body: `{"share": {"name": "lab", "size": 1, "share_proto": "` + protocol +
			`", "share_type": "default"}}`, save: variable + "=share.id"}, on: "shared-file-system", as: as, quiet: true},
		{chapter: chapter{name: "await " + variable, do: "GET /shares/{" + variable + "}"}, on: "shared-file-system", as: as, reach: "share.status=available", quiet: true},
	}
}

// rules shows what Manila has about a share.
func rules(when, share string) []labStep {
	settled := labStep{chapter: chapter{name: "share " + when, do: "GET /shares/{" + share + "}"}, on: "shared-file-system"}
	settled.reach = "share.access_rules_status=active" // manila-share changes rules after it has answered
	return []labStep{
		{chapter: chapter{name: "rules " + when, do: "GET /share-access-rules?share_id={" + share + "}"}, on: "shared-file-system"},
		{chapter: chapter{name: "locks " + when, do: "GET /resource-locks?all_projects=1&detail=1&resource_id={access}"}, on: "shared-file-system"},
		settled,
	}
}

func shareStep(name, do, body string) labStep {
	return labStep{chapter: chapter{name: name, do: do, body: body, version: "2.97"}}
}

// inactive waits until nova-compute has attached a share to a stopped server.
func inactive(share, status string) labStep {
	o := shareStep("await "+status, "GET /servers/{server}/shares/{"+share+"}", "")
	o.reach = "share.status=" + status
	return o
}

// TestLabShares attaches shares of a real Manila to servers and detaches them.
func TestLabShares(t *testing.T) {
	n := labNeighbourhood(t, "shared-file-system")
	n.rows.more = shareTables
	action := func(name, body string, until string) labStep {
		o := shareStep(name, "action", body)
		o.until = until
		return o
	}
	unordered := func(o labStep) labStep { o.unordered = true; return o }
	demo := func(o labStep) labStep { o.as = "demo"; o.name += " as demo"; return o }
	attach := func(name, body string) labStep { return shareStep(name, "POST /servers/{server}/shares", body) }
	unruled := labStep{chapter: chapter{name: "await no rule", do: "GET /share-access-rules?share_id={share}"}, on: "shared-file-system", reach: "access_list.0=<nil>"}
	gone := shareStep("await its end", "GET /servers/{server}/shares/{share}", "")
	gone.reach = "404"
	access := labStep{chapter: chapter{name: "the rule", do: "GET /share-access-rules?share_id={share}", save: "access=access_list.0.id"},
		on: "shared-file-system", reach: "access_list.0.state=active"}

	var steps []labStep
	for _, one := range [][3]string{{"share", "NFS", ""}, {"share2", "NFS", ""}, {"cifs", "CIFS", ""}, {"broken", "NFS", ""}, {"theirs", "NFS", "demo"}} {
		steps = append(steps, newShareSteps(one[0], one[1], one[2])...)
	}
	steps = append(steps,
		labStep{chapter: chapter{name: "break a share", do: "POST /shares/{broken}/action", body: `{"reset_status": {"status": "error"}}`}, on: "shared-file-system"},
		labStep{chapter: chapter{name: "create", do: "POST /servers", version: "2.97", save: "server=server.id", until: "ACTIVE", body: `{"server": {"name": "lab-shares", ` +
			`"imageRef": "{image}", "flavorRef": "{flavor}", "networks": [{"uuid": "{net}"}]}}`}, quiet: true},
		labStep{chapter: chapter{name: "await the server", do: "GET /servers/{server}"}, reach: "server.status=ACTIVE", quiet: true},
		attach("attach to an active server", `{"share": {"share_id": "{share}"}}`),
		shareStep("detach from an active server", "DELETE /servers/{server}/shares/{share}", ""),
		action("stop", `{"os-stop": null}`, "SHUTOFF"),
		shareStep("no shares", "GET /servers/{server}/shares", ""),
		shareStep("unknown", "GET /servers/{server}/shares/{share}", ""),
		shareStep("detach what is not attached", "DELETE /servers/{server}/shares/{share}", ""),
		attach("attach an unknown share", `{"share": {"share_id": "6f1c2d3e-0000-4000-8000-000000000001"}}`),
		attach("attach no UUID", `{"share": {"share_id": "none"}}`),
		attach("attach without an id", `{"share": {"tag": "data"}}`),
		attach("attach with a long tag", `{"share": {"share_id": "{share}", "tag": "0123456789012345678901234567890123456789012345678901234567890123456789"}}`),
		attach("attach with an empty tag", `{"share": {"share_id": "{share}", "tag": ""}}`),
		attach("attach with a member too many", `{"share": {"share_id": "{share}", "more": 1}}`),
		attach("attach another protocol", `{"share": {"share_id": "{cifs}"}}`),
		attach("attach a broken share", `{"share": {"share_id": "{broken}"}}`),
		demo(attach("attach", `{"share": {"share_id": "{share}"}}`)),
		attach("attach", `{"share": {"share_id": "{share}", "tag": "data"}}`),
		inactive("share", "inactive"), access,
		attach("attach again", `{"share": {"share_id": "{share}"}}`),
		attach("attach another with the tag", `{"share": {"share_id": "{share2}", "tag": "data"}}`),
		attach("attach another", `{"share": {"share_id": "{share2}"}}`),
		inactive("share2", "inactive"),
		unordered(shareStep("list", "GET /servers/{server}/shares", "")),
		shareStep("list with a query", "GET /servers/{server}/shares?limit=1", ""),
		demo(unordered(shareStep("list", "GET /servers/{server}/shares", ""))),
		demo(shareStep("detach", "DELETE /servers/{server}/shares/{share}", "")),
	)
	steps = append(steps, rules("while attached", "share")...)
	steps = append(steps, []labStep{
		action("shelve", `{"shelve": null}`, ""), action("rebuild", `{"rebuild": {"imageRef": "{image}"}}`, "SHUTOFF"),
		action("resize", `{"resize": {"flavorRef": "{flavor_alt}"}}`, "VERIFY_RESIZE"),
		shareStep("shares of a resized server", "GET /servers/{server}/shares/{share}", ""),
		shareStep("detach from a resized server", "DELETE /servers/{server}/shares/{share}", ""),
		action("revert the resize", `{"revertResize": null}`, "SHUTOFF"),
		action("evacuate", `{"evacuate": {}}`, ""),
		action("migrate", `{"migrate": null}`, "VERIFY_RESIZE"), action("confirm the migration", `{"confirmResize": null}`, "SHUTOFF"),
		action("start", `{"os-start": null}`, "ACTIVE"), inactive("share", "active"),
		shareStep("detach while it runs", "DELETE /servers/{server}/shares/{share}", ""),
		action("live migrate", `{"os-migrateLive": {"host": null, "block_migration": "auto"}}`, ""),
		action("suspend", `{"suspend": null}`, ""), action("shelve while it runs", `{"shelve": null}`, ""),
		action("resize while it runs", `{"resize": {"flavorRef": "{flavor_alt}"}}`, "VERIFY_RESIZE"),
		action("revert that resize", `{"revertResize": null}`, "ACTIVE"),
		action("reboot", `{"reboot": {"type": "HARD"}}`, "ACTIVE"), inactive("share", "active"),
		action("rescue", `{"rescue": {"adminPass": "secret"}}`, "RESCUE"), action("unrescue", `{"unrescue": null}`, "ACTIVE"),
		action("stop again", `{"os-stop": null}`, "SHUTOFF"), inactive("share", "inactive"),
		{chapter: chapter{name: "delete the share meanwhile", do: "DELETE /shares/{share2}"}, on: "shared-file-system"},
		shareStep("detach", "DELETE /servers/{server}/shares/{share}", ""), gone, unruled,
	}...)
	steps = append(steps, rules("after the detachment", "share")...)
	steps = append(steps,
		attach("attach once more", `{"share": {"share_id": "{share}"}}`), inactive("share", "inactive"), access,
		shareStep("delete the server", "DELETE /servers/{server}", ""),
		unruled,
	)
	steps = append(steps, rules("after the deletion", "share")...)
	steps[len(steps)-5].until = "gone"
	t.Cleanup(func() { removeShares(n) })
	n.run(t, steps)
}

// removeShares removes the shares of both sides from Manila, which allows a project 50.
func removeShares(n *neighbourhood) {
	for _, s := range n.sides {
		for _, variable := range []string{"share", "share2", "cifs", "broken", "theirs"} {
			if id := s.variables[variable]; id != "" {
				n.request("shared-file-system", http.MethodPost, "/shares/"+id+"/action", `{"force_delete": null}`)
			}
		}
	}
}
