//go:build lab

package devcloud_test

import "fmt"

// actionStep is an action on the server vm.
func actionStep(body string, more ...string) effectStep {
	s := effectStep{do: "POST /servers/{vm}/action", body: body}
	for n, v := range more {
		switch n {
		case 0:
			s.as = v
		case 1:
			s.mv = v
		}
	}
	return s
}

const (
	plainServer = `{"server": {"name": "effects", "imageRef": "{image}", "flavorRef": "1", "networks": [{"uuid": "{private}"}]}}`
	dataVolume  = `{"volume": {"name": "%s", "size": 1}}`
)

func boot() effectStep {
	return effectStep{mv: "2.96", do: "POST /servers", body: plainServer, save: "vm=server.id"}
}

func makeVolume(name string) effectStep {
	return effectStep{only: true, do: "POST block-storage /v3/volumes", body: fmt.Sprintf(dataVolume, name), save: "volume:" + name + "=volume.id"}
}

var otherImage = []effectStep{
	{only: true, do: "POST image /v2/images", body: `{"name": "effects-other", "disk_format": "raw", "container_format": "bare"}`, save: "image:empty=id"},
	{only: true, do: "PUT image /v2/images/{empty}/file", body: "content"},
}

func attachVolume(volume, more, mv string) effectStep {
	return effectStep{mv: mv, do: "POST /servers/{vm}/os-volume_attachments", body: `{"volumeAttachment": {"volumeId": "{` + volume + `}"` + more + `}}`}
}

func attachInterface(body, as string) effectStep {
	return effectStep{as: as, mv: "2.70", do: "POST /servers/{vm}/os-interface", body: `{"interfaceAttachment": ` + body + `}`}
}

func resetVolume(volume, status string) effectStep {
	return effectStep{as: "admin", only: true, do: "POST block-storage /v3/volumes/{" + volume + "}/action", body: `{"os-reset_status": {"status": "` + status + `"}}`}
}

var effectScenarios = []effectScenario{
	{name: "power", steps: []effectStep{
		boot(),
		actionStep(`{"os-stop": null}`),
		actionStep(`{"os-start": null}`),
		actionStep(`{"reboot": {"type": "SOFT"}}`),
		actionStep(`{"reboot": {"type": "HARD"}}`),
		actionStep(`{"pause": null}`, "admin"),
		actionStep(`{"unpause": null}`, "admin"),
		actionStep(`{"suspend": null}`, "admin"),
		actionStep(`{"resume": null}`, "admin"),
		actionStep(`{"rescue": {"adminPass": "secret"}}`),
		actionStep(`{"unrescue": null}`),
		actionStep(`{"lock": {"locked_reason": "why"}}`, "demo", "2.73"),
		actionStep(`{"unlock": null}`),
		actionStep(`{"changePassword": {"adminPass": "secret"}}`),
		actionStep(`{"trigger_crash_dump": null}`, "admin", "2.17"),
		actionStep(`{"os-resetState": {"state": "error"}}`, "admin"),
		actionStep(`{"os-resetState": {"state": "active"}}`, "admin"),
		actionStep(`{"os-start": null}`),
		{mv: "2.90", do: "PUT /servers/{vm}", body: `{"server": {"name": "renamed", "description": "d", "hostname": "h"}}`},
		{do: "POST /servers/{vm}/metadata", body: `{"metadata": {"a": "b"}}`},
		{mv: "2.26", do: "PUT /servers/{vm}/tags", body: `{"tags": ["x"]}`},
		{mv: "2.8", do: "POST /servers/{vm}/remote-consoles", body: `{"remote_console": {"protocol": "vnc", "type": "novnc"}}`},
		{mv: "2.8", do: "POST /servers/{vm}/remote-consoles", body: `{"remote_console": {"protocol": "vnc", "type": "webmks"}}`},
		{mv: "2.8", do: "POST /servers/{vm}/remote-consoles", body: `{"remote_console": {"protocol": "vnc", "type": "serial"}}`},
		{as: "admin", mv: "2.48", do: "GET /servers/{vm}/diagnostics"},
		{do: "DELETE /servers/{vm}"},
	}},
	{name: "interfaces", steps: []effectStep{
		{mv: "2.42", do: "POST /servers", body: `{"server": {"name": "effects", "imageRef": "{image}", "flavorRef": "1",
			"networks": [{"uuid": "{shared}", "tag": "first"}, {"uuid": "{private}", "tag": "second"}]}}`, save: "vm=server.id"},
		attachInterface(`{"net_id": "{private}", "tag": "third"}`, ""),
		attachInterface(`{}`, ""),
		attachInterface(`{"net_id": "{nothing}"}`, ""),
		attachInterface(`{"net_id": "{public}"}`, ""),
		attachInterface(`{"net_id": "{public}"}`, "admin"),
		{only: true, do: "POST network /v2.0/ports", body: `{"port": {"network_id": "{shared}", "name": "effects"}}`, save: "port:p=port.id"},
		attachInterface(`{"port_id": "{p}"}`, ""),
		attachInterface(`{"port_id": "{p}"}`, ""),
		attachInterface(`{"port_id": "{nothing}"}`, ""),
		attachInterface(`{"net_id": "{shared}", "fixed_ips": [{"ip_address": "192.168.233.200"}]}`, ""),
		attachInterface(`{"net_id": "{private}", "fixed_ips": [{"ip_address": "10.9.9.9"}]}`, ""),
		{do: "DELETE /servers/{vm}/os-interface/{p}", ends: detached("p")},
		{as: "admin", mv: "2.1", do: "POST /servers/{vm}/action", body: `{"addFixedIp": {"networkId": "{shared}"}}`, ends: hasAddresses("shared", 2)},
		actionStep(`{"removeFixedIp": {"address": "192.0.2.1"}}`, "admin", "2.1"),
		actionStep(`{"addSecurityGroup": {"name": "default"}}`, "demo", "2.1"),
		actionStep(`{"removeSecurityGroup": {"name": "default"}}`, "demo", "2.1"),
		attachInterface(`{"port_id": "{p}"}`, ""),
		{do: "DELETE /servers/{vm}"},
	}},
	{name: "networks of new servers", explained: []string{
		// Two hosts try to build the server. Nova finishes the event of the second one twice, if the first one is slower.
		`denied.actions.0.create.events.\d: `,
	}, steps: []effectStep{
		{mv: "2.96", do: "POST /servers", body: `{"server": {"name": "effects", "imageRef": "{image}", "flavorRef": "1", "networks": [{"uuid": "{public}"}]}}`, save: "outside=server.id", ends: released("outside")},
		{mv: "2.96", do: "POST /servers", body: `{"server": {"name": "effects", "imageRef": "{image}", "flavorRef": "1", "networks": [{"uuid": "{private}", "fixed_ip": "10.200.0.1"}]}}`, save: "invalid=server.id", ends: released("invalid")},
		{mv: "2.96", do: "POST /servers", body: `{"server": {"name": "effects", "imageRef": "{image}", "flavorRef": "1", "networks": [{"uuid": "{shared}", "fixed_ip": "10.200.0.1"}]}}`, save: "denied=server.id", ends: released("denied")},
		{mv: "2.96", do: "POST /servers", body: `{"server": {"name": "effects", "imageRef": "{image}", "flavorRef": "1", "networks": "none"}}`, save: "without=server.id"},
		{mv: "2.96", do: "POST /servers", body: `{"server": {"name": "effects", "imageRef": "{image}", "flavorRef": "1", "networks": "auto"}}`},
		{only: true, do: "POST network /v2.0/ports", body: `{"port": {"network_id": "{private}", "name": "effects"}}`, save: "port:p=port.id"},
		{mv: "2.96", do: "POST /servers", body: `{"server": {"name": "effects", "imageRef": "{image}", "flavorRef": "1", "networks": [{"uuid": "{shared}"}, {"port": "{p}"}]}}`, save: "vm=server.id"},
		{mv: "2.96", do: "POST /servers", body: `{"server": {"name": "effects", "imageRef": "{image}", "flavorRef": "1", "networks": [{"port": "{p}"}]}}`},
		{do: "DELETE /servers/{vm}"},
	}},
	{name: "moves", steps: []effectStep{
		boot(),
		actionStep(`{"resize": {"flavorRef": "2"}}`),
		actionStep(`{"confirmResize": null}`),
		actionStep(`{"resize": {"flavorRef": "1"}}`),
		actionStep(`{"revertResize": null}`),
		actionStep(`{"migrate": {}}`, "admin", "2.56"),
		actionStep(`{"confirmResize": null}`),
		actionStep(`{"os-migrateLive": {"host": null, "block_migration": "auto"}}`, "admin", "2.30"),
		actionStep(`{"os-migrateLive": {"host": null, "block_migration": "auto"}}`, "admin", "2.34"),
		actionStep(`{"os-stop": null}`),
		actionStep(`{"resize": {"flavorRef": "1"}}`),
		actionStep(`{"confirmResize": null}`),
		actionStep(`{"os-migrateLive": {"host": null, "block_migration": "auto"}}`, "admin", "2.30"),
		{do: "DELETE /servers/{vm}"},
	}},
	// A snapshot has the format of the server's image, which is raw in some labs.
	{name: "images", explained: []string{`\.disk_format: real "raw", --dev "qcow2"`}, steps: []effectStep{
		boot(),
		{mv: "2.45", do: "POST /servers/{vm}/action", body: `{"createImage": {"name": "effects-snapshot", "metadata": {"k": "v"}}}`, save: "image:snapshot=image_id"},
		{as: "admin", mv: "2.45", do: "POST /servers/{vm}/action", body: `{"createBackup": {"name": "effects-backup", "backup_type": "daily", "rotation": 1}}`, save: "image:first=image_id"},
		{as: "admin", mv: "2.45", do: "POST /servers/{vm}/action", body: `{"createBackup": {"name": "effects-backup", "backup_type": "daily", "rotation": 1}}`, save: "image:second=image_id"},
		actionStep(`{"rebuild": {"imageRef": "{snapshot}", "name": "rebuilt", "metadata": {"a": "b"}}}`, "demo", "2.96"),
		actionStep(`{"shelve": null}`, "admin"),
		actionStep(`{"unshelve": null}`, "admin"),
		actionStep(`{"os-stop": null}`),
		actionStep(`{"rebuild": {"imageRef": "{image}"}}`, "demo", "2.96"),
		actionStep(`{"shelve": null}`, "admin"),
		{do: "DELETE /servers/{vm}"},
	}},
	{name: "volumes", steps: []effectStep{
		boot(), makeVolume("data"), makeVolume("more"), makeVolume("third"),
		attachVolume("data", "", "2.60"),
		attachVolume("data", "", "2.60"),
		attachVolume("more", `, "device": "/dev/vdb"`, "2.60"),
		attachVolume("more", `, "device": "/dev/vdd", "tag": "t", "delete_on_termination": true`, "2.79"),
		attachVolume("third", `, "device": "/dev/sda"`, "2.60"),
		attachVolume("third", `, "device": "nope"`, "2.60"),
		resetVolume("third", "error"), attachVolume("third", "", "2.60"),
		resetVolume("third", "error_deleting"), attachVolume("third", "", "2.60"),
		resetVolume("third", "reserved"), attachVolume("third", "", "2.60"),
		resetVolume("third", "in-use"), attachVolume("third", "", "2.60"),
		resetVolume("third", "available"), attachVolume("nothing", "", "2.60"),
		attachVolume("third", "", "2.96"),
		{mv: "2.85", do: "PUT /servers/{vm}/os-volume_attachments/{data}", body: `{"volumeAttachment": {"volumeId": "{data}", "delete_on_termination": true}}`},
		{do: "DELETE /servers/{vm}/os-volume_attachments/{third}", ends: available("third")},
		{do: "DELETE /servers/{vm}/os-volume_attachments/{third}"},
		{as: "admin", mv: "2.60", do: "PUT /servers/{vm}/os-volume_attachments/{data}", body: `{"volumeAttachment": {"volumeId": "{third}"}}`},
		actionStep(`{"resize": {"flavorRef": "2"}}`),
		actionStep(`{"revertResize": null}`),
		actionStep(`{"shelve": null}`, "admin"),
		attachVolume("data", "", "2.60"),
		{do: "DELETE /servers/{vm}/os-volume_attachments/{data}"}, // refused
		actionStep(`{"unshelve": null}`, "admin"),
		{do: "DELETE /servers/{vm}", ends: gone("vm")},
	}},
	{name: "servers on volumes", steps: append(append([]effectStep{}, otherImage...),
		effectStep{mv: "2.96", do: "POST /servers", body: `{"server": {"name": "effects", "flavorRef": "1", "networks": [{"uuid": "{private}"}],
			"block_device_mapping_v2": [{"boot_index": 0, "uuid": "{image}", "source_type": "image", "destination_type": "volume", "volume_size": 1, "delete_on_termination": true},
				{"boot_index": -1, "source_type": "blank", "destination_type": "volume", "volume_size": 2}]}}`, save: "vm=server.id"},
		effectStep{only: true, mv: "2.89", do: "GET /servers/{vm}/os-volume_attachments", save: "volume:root=volumeAttachments.0.volumeId volume:blank=volumeAttachments.1.volumeId"},
		actionStep(`{"rebuild": {"imageRef": "{empty}"}}`, "demo", "2.96"),
		actionStep(`{"os-stop": null}`),
		actionStep(`{"rebuild": {"imageRef": "{image}"}}`, "demo", "2.96"),
		effectStep{mv: "2.45", do: "POST /servers/{vm}/action", body: `{"createImage": {"name": "effects-snapshot"}}`, save: "image:snapshot=image_id"},
		actionStep(`{"resize": {"flavorRef": "2"}}`),
		actionStep(`{"confirmResize": null}`),
		actionStep(`{"shelve": null}`, "admin"),
		actionStep(`{"unshelve": null}`, "admin"),
		effectStep{do: "DELETE /servers/{vm}", ends: gone("vm")},
	)},
	{name: "neighbours", steps: []effectStep{
		{only: true, do: "POST network /v2.0/ports", body: `{"port": {"network_id": "{private}", "name": "effects"}}`, save: "port:p=port.id"},
		{mv: "2.96", do: "POST /servers", body: `{"server": {"name": "effects", "imageRef": "{image}", "flavorRef": "1", "networks": [{"port": "{p}"}, {"uuid": "{shared}"}]}}`, save: "vm=server.id"},
		{only: true, do: "POST network /v2.0/routers", body: `{"router": {"name": "effects", "external_gateway_info": {"network_id": "{public}"}}}`, save: "router:r=router.id"},
		{only: true, do: "POST network /v2.0/networks", body: `{"network": {"name": "effects"}}`, save: "network:n=network.id"},
		{only: true, do: "POST network /v2.0/subnets", body: `{"subnet": {"network_id": "{n}", "cidr": "10.77.0.0/24", "ip_version": 4}}`, save: "subnet:s=subnet.id"},
		{only: true, do: "PUT network /v2.0/routers/{r}/add_router_interface", body: `{"subnet_id": "{s}"}`},
		attachInterface(`{"net_id": "{n}"}`, ""),
		{only: true, do: "GET network /v2.0/ports?device_id={vm}&network_id={n}", save: "known:made=ports.0.id"},
		{only: true, do: "POST network /v2.0/floatingips", body: `{"floatingip": {"floating_network_id": "{public}", "port_id": "{made}"}}`, save: "floating:f=floatingip.id", ends: hasAddresses("effects", 2)},
		{do: "GET /servers/{vm}"},
		{only: true, do: "DELETE network /v2.0/floatingips/{f}", ends: hasAddresses("effects", 1)},
		{as: "admin", only: true, do: "DELETE network /v2.0/ports/{made}", ends: hasAddresses("effects", 0)},
		{do: "GET /servers/{vm}"},
		makeVolume("data"),
		attachVolume("data", "", "2.60"),
		actionStep(`{"pause": null}`, "admin"),
		{mv: "2.45", do: "POST /servers/{vm}/action", body: `{"createImage": {"name": "effects-snapshot"}}`, save: "image:snapshot=image_id"},
		{do: "DELETE /servers/{vm}", ends: gone("vm")},
	}},
	// Servers of one moment become members of their group in the order in which nova-scheduler gets to them.
	{name: "several servers", explained: []string{`^answer\.server_group\.members\.`}, steps: []effectStep{
		{mv: "2.96", do: "POST /os-server-groups", body: `{"server_group": {"name": "effects", "policy": "anti-affinity"}}`, save: "group:g=server_group.id"},
		{mv: "2.96", do: "POST /servers", body: `{"server": {"name": "effects", "imageRef": "{image}", "flavorRef": "1", "networks": "none", "tags": ["a"], "description": "d",
			"metadata": {"k": "v"}, "config_drive": true, "user_data": "aGVsbG8="}, "os:scheduler_hints": {"group": "{g}"}}`, save: "one=server.id"},
		{mv: "2.96", do: "POST /servers", body: `{"server": {"name": "effects", "imageRef": "{image}", "flavorRef": "1", "networks": "none"}, "os:scheduler_hints": {"group": "{g}"}}`, save: "two=server.id"},
		{mv: "2.96", do: "POST /servers", body: `{"server": {"name": "effects", "imageRef": "{image}", "flavorRef": "1", "networks": "none"}, "os:scheduler_hints": {"group": "{g}"}}`, save: "three=server.id"},
		{mv: "2.96", do: "GET /os-server-groups/{g}"},
		{as: "admin", mv: "2.96", do: "POST /servers/{one}/action", body: `{"migrate": null}`},
		{as: "admin", mv: "2.96", do: "POST /servers/{one}/action", body: `{"os-migrateLive": {"host": null, "block_migration": "auto"}}`},
		{mv: "2.96", do: "POST /servers/{three}/action", body: `{"os-start": null}`},
		{mv: "2.96", do: "POST /servers/{three}/action", body: `{"rebuild": {"imageRef": "{image}"}}`},
		{mv: "2.96", do: "POST /servers/{two}/action", body: `{"forceDelete": null}`, ends: gone("two")},
		{do: "DELETE /servers/{three}", ends: gone("three")},
		{do: "DELETE /servers/{one}", ends: gone("one")},
	}},
	{name: "failing builds", steps: []effectStep{
		{mv: "2.96", do: "POST /servers", body: `{"server": {"name": "effects", "imageRef": "{image}", "flavorRef": "1", "networks": "none", "availability_zone": "nova"}}`, save: "zoned=server.id"},
		{as: "admin", mv: "2.1", only: true, do: "POST /flavors", body: `{"flavor": {"name": "effects-huge", "ram": 64, "vcpus": 1, "disk": 99999999, "id": "effects-huge"}}`},
		{mv: "2.96", do: "POST /servers", body: `{"server": {"name": "effects", "imageRef": "{image}", "flavorRef": "effects-huge", "networks": "none"}}`, save: "homeless=server.id"},
		{as: "admin", mv: "2.1", only: true, do: "DELETE /flavors/effects-huge"},
		{do: "DELETE /servers/{homeless}", ends: gone("homeless")},
	}},
}

// gone waits until a server does not exist.
func gone(name string) func(*effects) bool {
	return func(e *effects) bool {
		status, _ := e.send("admin", "2.1", "GET /servers/{"+name+"}", "")
		return status == 404
	}
}

// released waits until a server has no allocations: a host deletes them after the failure of a build.
func released(name string) func(*effects) bool {
	return func(e *effects) bool {
		_, v := e.send("admin", "", "GET placement /allocations/{"+name+"}", "")
		list, _ := at(v, "allocations").(map[string]any)
		return len(list) == 0
	}
}

// available waits until a volume can be attached.
func available(name string) func(*effects) bool {
	return func(e *effects) bool {
		_, v := e.send("admin", "", "GET block-storage /v3/volumes/{"+name+"}", "")
		return at(v, "volume.status") == "available"
	}
}

// hasAddresses waits until the server vm has a number of addresses on a network.
func hasAddresses(network string, n int) func(*effects) bool {
	return func(e *effects) bool {
		_, v := e.send("admin", "2.1", "GET /servers/{vm}/ips", "")
		list, _ := at(v, "addresses."+network).([]any)
		return len(list) == n
	}
}

// detached waits until a port has no device.
func detached(name string) func(*effects) bool {
	return func(e *effects) bool {
		_, v := e.send("admin", "", "GET network /v2.0/ports/{"+name+"}", "")
		return at(v, "port.device_id") == ""
	}
}
