//go:build lab

package devcloud_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// effectsExplained are the differences that the lab or the embedded cloud has for a known reason.
var effectsExplained = []string{
	// The lab has no Open vSwitch agents: its ports are bound but never become active.
	`\.(port_state|status): real "DOWN", --dev "ACTIVE"`,
	// The lab's nova.conf has another page for noVNC.
	`remote_console.url: real "URL/vnc_auto.html\?(.*)", --dev "URL/vnc_lite.html\?(.*)"`,
	// The answer of a rebuild shows the server as it is after the message to the conductor, which is faster here.
	`^answer.server.(status|progress|OS-EXT-STS:(task|vm|power)_state): `,
	// Numbers of rows.
	`migrations\.\d+\.id: `,
	// The order of roles in a token, which is that of Keystone's database.
	`\.boot_roles: real "reader,member", --dev "member,reader"`,
	// The type of volumes and the back end have names of their own.
	`\.(volume_type|volume_type_id|os-vol-host-attr:host|service_uuid|shared_targets|driver_volume_type): `,
}

// seen returns what clients see of all resources of the scenario.
func (e *effects) seen() []string {
	var lines []string
	for _, name := range e.order {
		kind, short, isKind := strings.Cut(name, ":")
		if !isKind {
			kind, short = "server", name
		}
		id := e.vars[short]
		switch kind {
		case "server":
			lines = e.seenServer(lines, short, id)
		case "volume":
			lines = e.look(lines, short, "GET block-storage /v3/volumes/"+id, "", "volume", "status", "size", "bootable", "multiattach", "attachments",
				"volume_image_metadata.image_id", "volume_image_metadata.image_name", "name", "availability_zone", "metadata", "volume_type")
		case "image":
			lines = e.look(lines, short, "GET image /v2/images/"+id, "", "", "status", "name", "visibility", "disk_format", "container_format", "min_disk",
				"min_ram", "protected", "image_type", "instance_uuid", "base_image_ref", "image_location", "image_state", "backup_type", "owner_project_name",
				"owner_user_name", "boot_roles", "user_id", "bdm_v2", "block_device_mapping", "root_device_name", "owner_id", "os_hidden", "tags")
		case "port":
			lines = e.look(lines, short, "GET network /v2.0/ports/"+id, "", "port", portFields...)
		}
	}
	return lines
}

var portFields = []string{"status", "device_id", "device_owner", "binding:host_id", "binding:vif_type", "binding:vnic_type", "network_id", "name",
	"fixed_ips", "security_groups", "admin_state_up", "project_id"}

// look adds fields of an answer.
func (e *effects) look(lines []string, name, do, mv, key string, fields ...string) []string {
	status, body := e.send("admin", mv, do, "")
	lines = append(lines, fmt.Sprintf("%s.status of GET = %d", name, status))
	if status != 200 {
		return lines
	}
	if key != "" {
		body = at(body, key)
	}
	if len(fields) == 0 {
		return e.flat(lines, name, body)
	}
	for _, f := range fields {
		lines = e.flat(lines, name+"."+f, at(body, f))
	}
	return lines
}

func (e *effects) seenServer(lines []string, name, id string) []string {
	path := "/servers/" + id
	lines = e.look(lines, name, "GET "+path, "2.96", "server")
	_, interfaces := e.send("admin", "2.70", "GET "+path+"/os-interface", "")
	lines = e.unordered(lines, name+".interfaces", at(interfaces, "interfaceAttachments"))
	lines = e.look(lines, name+".volumes", "GET "+path+"/os-volume_attachments", "2.89", "volumeAttachments")
	lines = e.look(lines, name+".migrations", "GET /os-migrations?instance_uuid="+id, "2.80", "migrations")
	lines = append(lines, fmt.Sprintf("%s.states = %s", name, strings.Join(e.states(id), " ")))
	_, ports := e.send("admin", "", "GET network /v2.0/ports?device_id="+id, "")
	lines = e.unordered(lines, name+".ports", at(ports, "ports"), portFields...)
	_, held := e.send("admin", "", "GET placement /allocations/"+id, "")
	var resources []string
	allocations, _ := at(held, "allocations").(map[string]any)
	for _, a := range allocations {
		resources = append(resources, fmt.Sprint(at(a, "resources")))
	}
	slices.Sort(resources)
	lines = append(lines, fmt.Sprintf("%s.allocations = %s", name, resources))
	return e.seenActions(lines, name, path)
}

// unordered adds the entries of a list whose order is that of ids, with the given fields or all.
func (e *effects) unordered(lines []string, name string, v any, fields ...string) []string {
	list, _ := v.([]any)
	var texts []string
	for _, one := range list {
		var flat []string
		for _, f := range fields {
			flat = e.flat(flat, f, at(one, f))
		}
		if len(fields) == 0 {
			flat = e.flat(flat, "", one)
		}
		texts = append(texts, strings.Join(flat, "; "))
	}
	slices.Sort(texts)
	for n, text := range texts {
		for field := range strings.SplitSeq(text, "; ") {
			lines = append(lines, fmt.Sprintf("%s.%d.%s", name, n, field))
		}
	}
	return lines
}

// seenActions adds the actions of a server with their events, the oldest first. It reads the last
// two actions again.
func (e *effects) seenActions(lines []string, name, path string) []string {
	_, body := e.send("admin", "2.84", "GET "+path+"/os-instance-actions", "")
	list, _ := at(body, "instanceActions").([]any)
	for n := range list {
		request, _ := at(list[len(list)-1-n], "request_id").(string)
		if known := e.ended[path+request]; known != nil && n < len(list)-2 {
			lines = append(lines, known...)
			continue
		}
		from := len(lines)
		_, one := e.send("admin", "2.84", "GET "+path+"/os-instance-actions/"+request, "")
		action, _ := at(one, "instanceAction").(map[string]any)
		prefix := fmt.Sprintf("%s.actions.%d.%v", name, n, action["action"])
		lines = append(lines, fmt.Sprintf("%s.message = %v", prefix, action["message"]))
		events, _ := action["events"].([]any)
		var texts []string
		for _, v := range events {
			text := fmt.Sprintf("%v %v on %s", at(v, "event"), at(v, "result"), e.plain(fmt.Sprint(at(v, "host"))))
			text = controlHost.ReplaceAllString(text, " on the control host") // which each cloud names
			if details := at(v, "details"); details != nil {
				text += ": " + e.plain(fmt.Sprint(details))
			}
			texts = append(texts, text)
		}
		slices.Sort(texts) // events of one second have no order
		for n, text := range texts {
			lines = append(lines, fmt.Sprintf("%s.events.%d = %s", prefix, n, text))
		}
		e.ended[path+request] = slices.Clone(lines[from:])
	}
	return lines
}

// idle tells whether no operation is in progress.
func (e *effects) idle() bool {
	e.settle()
	for _, name := range e.order {
		kind, short, isKind := strings.Cut(name, ":")
		if !isKind {
			kind, short = "server", name
		}
		id, busy := e.vars[short], false
		switch kind {
		case "server":
			busy = !e.idleServer(id)
		case "volume":
			_, v := e.send("admin", "", "GET block-storage /v3/volumes/"+id, "")
			status, _ := at(v, "volume.status").(string)
			busy = slices.Contains([]string{"creating", "attaching", "detaching", "downloading", "deleting", "uploading", "extending"}, status) && e.vars["held"] != id
		case "image":
			_, v := e.send("admin", "", "GET image /v2/images/"+id, "")
			status, _ := at(v, "status").(string)
			busy = status == "saving" || status == "queued" && e.vars["empty"] != id
		}
		if busy {
			return false
		}
	}
	return true
}

func (e *effects) idleServer(id string) bool {
	status, v := e.send("admin", "2.1", "GET /servers/"+id, "")
	if status == 404 {
		return true
	}
	if at(v, "server.status") == "BUILD" || at(v, "server.OS-EXT-STS:task_state") != nil {
		return false
	}
	_, actions := e.send("admin", "2.84", "GET /servers/"+id+"/os-instance-actions", "")
	list, _ := at(actions, "instanceActions").([]any)
	if len(list) > 0 {
		request, _ := at(list[0], "request_id").(string)
		_, one := e.send("admin", "2.84", "GET /servers/"+id+"/os-instance-actions/"+request, "")
		// Of two events with the same name, of two hosts that tried to build the server, Nova finishes one.
		events, _ := at(one, "instanceAction.events").([]any)
		finished := map[any]bool{}
		for _, v := range events {
			name := at(v, "event")
			finished[name] = finished[name] || at(v, "finish_time") != nil
		}
		for _, ended := range finished {
			if !ended {
				return false
			}
		}
	}
	if action, _ := at(actions, "instanceActions.0.action").(string); !slices.Contains([]string{"resize", "migrate", "live-migration", "confirmResize", "revertResize"}, action) {
		return true
	}
	_, migrations := e.send("admin", "2.80", "GET /os-migrations?instance_uuid="+id, "")
	all, _ := at(migrations, "migrations").([]any)
	for _, m := range all {
		if s, _ := at(m, "status").(string); !slices.Contains([]string{"finished", "confirmed", "reverted", "completed", "done", "error", "failed", "cancelled"}, s) {
			return false
		}
	}
	return true
}

var (
	controlHost  = regexp.MustCompile(` on (controller|dev)$`)
	effectUUID   = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	effectHash   = regexp.MustCompile(`\b([0-9a-f]{56}|[0-9a-f]{32})\b`)
	effectTime   = regexp.MustCompile(`\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)?`)
	effectMAC    = regexp.MustCompile(`fa:16:3e:[0-9a-f:]{8}`)
	effectIP     = regexp.MustCompile(`\b(10|172|192|127)\.\d+\.\d+\.\d+\b`)
	effectHost   = regexp.MustCompile(`compute-[12]`)
	effectURL    = regexp.MustCompile(`https?://127\.0\.0\.1:\d+(/network|/volume|/image)?`)
	effectOthers = regexp.MustCompile(`\br-[0-9a-z]{8}\b|instance-[0-9a-f]{8}`)
)

// plain replaces what differs between two clouds by nature.
func (e *effects) plain(text string) string {
	text = effectUUID.ReplaceAllStringFunc(text, func(id string) string {
		for name, known := range e.vars {
			if known == id {
				return "{" + name + "}"
			}
		}
		return "UUID"
	})
	text = effectHost.ReplaceAllString(text, "HOST") // the choice of the scheduler
	text = effectURL.ReplaceAllString(text, "URL")
	text = effectTime.ReplaceAllString(text, "TIME")
	text = effectMAC.ReplaceAllString(text, "MAC")
	text = effectIP.ReplaceAllString(text, "IP")
	text = effectHash.ReplaceAllString(text, "HASH")
	return effectOthers.ReplaceAllString(text, "NAME")
}

// flat adds the scalars of a JSON value.
func (e *effects) flat(lines []string, path string, v any) []string {
	switch v := v.(type) {
	case map[string]any:
		if len(v) == 0 {
			return append(lines, path+" = {}")
		}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			one := v[key]
			switch key {
			case "adminPass", "traceback", "details", "fingerprint", "token":
				one = "SECRET"
			}
			lines = e.flat(lines, path+"."+e.plain(key), one)
		}
	case []any:
		if len(v) == 0 {
			return append(lines, path+" = []")
		}
		for n, one := range v {
			lines = e.flat(lines, fmt.Sprintf("%s.%d", path, n), one)
		}
	default:
		if list := []any(nil); strings.HasPrefix(fmt.Sprint(v), "[{") && json.Unmarshal([]byte(fmt.Sprint(v)), &list) == nil {
			return e.flat(lines, path, list) // a list in a property of an image
		}
		text, err := json.Marshal(v)
		if err != nil {
			text = []byte(err.Error())
		}
		lines = append(lines, path+" = "+e.plain(string(text)))
	}
	return lines
}

// clean deletes the resources of the scenario.
func (e *effects) clean() {
	for _, name := range slices.Backward(e.order) {
		kind, short, isKind := strings.Cut(name, ":")
		if !isKind {
			kind, short = "server", name
		}
		id := e.vars[short]
		switch kind {
		case "server":
			e.send("admin", "2.1", "POST /servers/"+id+"/action", `{"os-resetState": {"state": "active"}}`)
			e.send("admin", "2.1", "DELETE /servers/"+id, "")
			for range 100 {
				if status, _ := e.send("admin", "2.1", "GET /servers/"+id, ""); status == 404 {
					break
				}
				wait()
			}
		case "volume":
			_, list := e.send("admin", "", "GET block-storage /v3/snapshots?all_tenants=1&volume_id="+id, "")
			snapshots, _ := at(list, "snapshots").([]any)
			for _, one := range snapshots { // of the image of a server on the volume
				path := fmt.Sprintf("block-storage /v3/snapshots/%v", at(one, "id"))
				e.send("admin", "", "DELETE "+path, "")
				for range 100 {
					if status, _ := e.send("admin", "", "GET "+path, ""); status == 404 {
						break
					}
					wait()
				}
			}
			e.send("admin", "", "POST block-storage /v3/volumes/"+id+"/action", `{"os-force_delete": {}}`)
		case "image":
			e.send("admin", "", "DELETE image /v2/images/"+id, "")
		case "port":
			e.send("admin", "", "DELETE network /v2.0/ports/"+id, "")
		case "network":
			e.send("admin", "", "DELETE network /v2.0/networks/"+id, "")
		case "subnet":
			e.send("admin", "", "PUT network /v2.0/routers/{r}/remove_router_interface", `{"subnet_id": "`+id+`"}`)
		case "router":
			e.send("admin", "", "DELETE network /v2.0/routers/"+id, "")
		case "group":
			e.send("demo", "2.96", "DELETE /os-server-groups/"+id, "")
		}
	}
}
