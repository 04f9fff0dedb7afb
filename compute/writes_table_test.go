package compute_test

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/nova-go/nova/internal/novatest"
)

// writeExamples has an example for each row that writes, by the row's key and the first
// microversion of its span; further ones have a comma and what they are about behind it.
var writeExamples = func() map[string]writeExample {
	all := map[string]writeExample{}
	for _, some := range []map[string]writeExample{serverWrites, moveWrites, neighbourWrites, adminWrites, volumesBootWrites()} {
		maps.Copy(all, some)
	}
	return all
}()

var (
	active, stopped = novatest.VM{}, novatest.VM{VMState: "stopped", PowerState: 4}
	tagged          = novatest.VM{Tags: []string{"blue", "red"}, Metadata: map[string]string{"a": "b"}}
)

var serverWrites = map[string]writeExample{
	"POST /servers 2.1": {version: "2.52", request: func(_ *testing.T, s *novatest.Stack) (string, string) {
		return "/servers", `{"server": {"name": "cut", "flavorRef": "1", "imageRef": "` + novatest.Image + `", "networks": [{"uuid": "` + network(s, "private") + `"}], "metadata": {"a": "b"}, "tags": ["blue"]}}`
	}},
	"POST /servers 2.1, from a volume": {version: "2.37", request: about(bootable, "/servers",
		`{"server": {"name": "cut", "flavorRef": "1", "networks": "none", "block_device_mapping_v2": [{"boot_index": 0, "uuid": "{id}", "source_type": "volume", "destination_type": "volume"}]}}`)},
	"POST /servers 2.1, many in a group": {version: "2.37", request: about(serverGroup, "/servers",
		`{"server": {"name": "cut", "flavorRef": "1", "imageRef": "`+novatest.Image+`", "networks": "none", "min_count": 3}, "os:scheduler_hints": {"group": "{id}"}}`)},
	"DELETE /servers/{id} 2.1": {request: onServer(active, "", "")},
	"DELETE /servers/{id} 2.1, on no host": {request: func(_ *testing.T, s *novatest.Stack) (string, string) {
		vm := s.Server(novatest.VM{Host: "-", Volumes: []string{uuid.NewString()}, Tags: []string{"blue"}, Metadata: map[string]string{"a": "b"}})
		port(s, vm.UUID)
		return "/servers/" + vm.UUID, ""
	}},
	"DELETE /servers/{id} 2.1, that is restored": {request: onServer(active, "", ""), options: func(*testing.T) []novatest.Option {
		return []novatest.Option{novatest.Conf("[DEFAULT]\nreclaim_instance_interval = 3600")}
	}},
	"PUT /servers/{id} 2.1": {request: onServer(active, "", `{"server": {"name": "renamed"}}`)},

	"POST /servers/{id}/action addFixedIp 2.1": {hosts: true, request: func(_ *testing.T, s *novatest.Stack) (string, string) {
		return "/servers/" + s.Server(active).UUID + "/action", `{"addFixedIp": {"networkId": "` + network(s, "private") + `"}}`
	}},
	"POST /servers/{id}/action removeFixedIp 2.1":          {hosts: true, request: act(novatest.VM{Addresses: []string{"10.0.0.9"}}, `{"removeFixedIp": {"address": "10.0.0.9"}}`)},
	"POST /servers/{id}/action changePassword 2.1":         {hosts: true, request: act(active, `{"changePassword": {"adminPass": "x"}}`)},
	"POST /servers/{id}/action createBackup 2.1":           {request: act(active, `{"createBackup": {"name": "cut", "backup_type": "daily", "rotation": 1}}`), role: "admin"},
	"POST /servers/{id}/action createImage 2.1":            {request: act(active, `{"createImage": {"name": "cut", "metadata": {"a": "b"}}}`)},
	"POST /servers/{id}/action forceDelete 2.1":            {request: act(novatest.VM{VMState: "soft-delete"}, `{"forceDelete": null}`)},
	"POST /servers/{id}/action injectNetworkInfo 2.1":      {role: "admin", request: act(active, `{"injectNetworkInfo": null}`)},
	"POST /servers/{id}/action lock 2.1":                   {request: act(active, `{"lock": null}`)},
	"POST /servers/{id}/action os-getConsoleOutput 2.1":    {hosts: true, request: act(active, `{"os-getConsoleOutput": {}}`)},
	"POST /servers/{id}/action os-resetState 2.1":          {role: "admin", request: act(active, `{"os-resetState": {"state": "error"}}`)},
	"POST /servers/{id}/action os-start 2.1":               {request: act(stopped, `{"os-start": null}`)},
	"POST /servers/{id}/action os-stop 2.1":                {request: act(active, `{"os-stop": null}`)},
	"POST /servers/{id}/action pause 2.1":                  {request: act(active, `{"pause": null}`)},
	"POST /servers/{id}/action reboot 2.1":                 {request: act(active, `{"reboot": {"type": "HARD"}}`)},
	"POST /servers/{id}/action rescue 2.1":                 {request: act(active, `{"rescue": {}}`)},
	"POST /servers/{id}/action restore 2.1":                {request: act(novatest.VM{VMState: "soft-delete"}, `{"restore": null}`)},
	"POST /servers/{id}/action resume 2.1":                 {request: act(novatest.VM{VMState: "suspended"}, `{"resume": null}`)},
	"POST /servers/{id}/action shelve 2.1":                 {request: act(active, `{"shelve": null}`)},
	"POST /servers/{id}/action shelveOffload 2.1":          {role: "admin", request: act(novatest.VM{VMState: "shelved"}, `{"shelveOffload": null}`)},
	"POST /servers/{id}/action suspend 2.1":                {request: act(active, `{"suspend": null}`)},
	"POST /servers/{id}/action trigger_crash_dump 2.17":    {version: "2.17", request: act(active, `{"trigger_crash_dump": null}`)},
	"POST /servers/{id}/action unlock 2.1":                 {request: act(novatest.VM{LockedBy: "owner"}, `{"unlock": null}`)},
	"POST /servers/{id}/action unpause 2.1":                {request: act(novatest.VM{VMState: "paused"}, `{"unpause": null}`)},
	"POST /servers/{id}/action unrescue 2.1":               {request: act(novatest.VM{VMState: "rescued"}, `{"unrescue": null}`)},
	"POST /servers/{id}/action unshelve 2.1":               {request: act(novatest.VM{VMState: "shelved"}, `{"unshelve": null}`)},
	"POST /servers/{id}/action unshelve 2.1, from nowhere": {request: act(novatest.VM{VMState: "shelved_offloaded", Host: "-"}, `{"unshelve": null}`)},

	"POST /servers/{server_id}/metadata 2.1":             {request: onServer(tagged, "/metadata", `{"metadata": {"a": "z", "c": "d"}}`)},
	"PUT /servers/{server_id}/metadata 2.1":              {request: onServer(tagged, "/metadata", `{"metadata": {"c": "d"}}`)},
	"DELETE /servers/{server_id}/metadata/{id} 2.1":      {request: onServer(tagged, "/metadata/a", "")},
	"PUT /servers/{server_id}/metadata/{id} 2.1":         {request: onServer(tagged, "/metadata/a", `{"meta": {"a": "z"}}`)},
	"DELETE /servers/{server_id}/os-server-password 2.1": {request: onServer(novatest.VM{SystemMetadata: map[string]string{"password_0": "x", "password_1": "y"}}, "/os-server-password", "")},
	"DELETE /servers/{server_id}/tags 2.26":              {version: "2.26", request: onServer(tagged, "/tags", "")},
	"PUT /servers/{server_id}/tags 2.26":                 {version: "2.26", request: onServer(tagged, "/tags", `{"tags": ["green", "yellow"]}`)},
	"DELETE /servers/{server_id}/tags/{id} 2.26":         {version: "2.26", request: onServer(tagged, "/tags/blue", "")},
	"PUT /servers/{server_id}/tags/{id} 2.26":            {version: "2.26", request: onServer(tagged, "/tags/green", "")},

	"POST /servers/{id}/action os-getSPICEConsole 2.1":  {hosts: true, request: act(active, `{"os-getSPICEConsole": {"type": "spice-html5"}}`)},
	"POST /servers/{id}/action os-getSerialConsole 2.1": {hosts: true, request: act(active, `{"os-getSerialConsole": {"type": "serial"}}`)},
	"POST /servers/{id}/action os-getVNCConsole 2.1":    {hosts: true, request: act(active, `{"os-getVNCConsole": {"type": "novnc"}}`)},
	"POST /servers/{server_id}/remote-consoles 2.6":     {version: "2.6", hosts: true, request: onServer(active, "/remote-consoles", `{"remote_console": {"protocol": "vnc", "type": "novnc"}}`)},
}

// bootable is a volume from which a server can boot.
func bootable(s *novatest.Stack) string {
	id := s.Volume()
	s.Volumes().Do("POST /volumes/"+id+"/action", `{"os-set_bootable": {"bootable": true}}`).Expect(200)
	return id
}

var moveWrites = map[string]writeExample{
	"POST /servers/{id}/action confirmResize 2.1": {request: func(t *testing.T, s *novatest.Stack) (string, string) {
		return "/servers/" + s.Resized().UUID + "/action", `{"confirmResize": null}`
	}},
	"POST /servers/{id}/action revertResize 2.1": {request: func(t *testing.T, s *novatest.Stack) (string, string) {
		return "/servers/" + s.Resized().UUID + "/action", `{"revertResize": null}`
	}},
	"POST /servers/{id}/action evacuate 2.1":       {role: "admin", request: act(novatest.VM{Host: "down"}, `{"evacuate": {"host": "compute-2", "onSharedStorage": "False"}}`)},
	"POST /servers/{id}/action migrate 2.1":        {role: "admin", options: noTraits, request: act(active, `{"migrate": null}`)},
	"POST /servers/{id}/action os-migrateLive 2.1": {role: "admin", version: "2.34", request: act(active, `{"os-migrateLive": {"host": null, "block_migration": "auto"}}`)},
	"POST /servers/{id}/action rebuild 2.1":        {request: act(active, `{"rebuild": {"imageRef": "`+novatest.Image+`", "name": "renamed", "metadata": {"a": "b"}}}`)},
	"POST /servers/{id}/action resize 2.1":         {request: act(active, `{"resize": {"flavorRef": "2"}}`)},
	"DELETE /servers/{server_id}/migrations/{id} 2.24": {role: "admin", version: "2.24", request: func(_ *testing.T, s *novatest.Stack) (string, string) {
		_, path := s.Migrating("running")
		return path, ""
	}},
	"POST /servers/{server_id}/migrations/{id}/action force_complete 2.22": {role: "admin", version: "2.22", request: func(_ *testing.T, s *novatest.Stack) (string, string) {
		_, path := s.Migrating("running")
		return path + "/action", `{"force_complete": null}`
	}},
}

func noTraits(t *testing.T) []novatest.Option { return []novatest.Option{novatest.WithTraits(t)} }

// volumesBootWrites are the same requests as those for servers, with another path.
func volumesBootWrites() map[string]writeExample {
	boot := map[string]writeExample{}
	for _, row := range []string{"POST /servers 2.1", "DELETE /servers/{id} 2.1", "PUT /servers/{id} 2.1", "createImage 2.1", "os-start 2.1", "os-stop 2.1", "reboot 2.1", "trigger_crash_dump 2.17",
		"confirmResize 2.1", "rebuild 2.1", "resize 2.1", "revertResize 2.1"} {
		if !strings.Contains(row, "/servers") {
			row = "POST /servers/{id}/action " + row
		}
		e, ok := serverWrites[row]
		if !ok {
			e = moveWrites[row]
		}
		of := e.request
		e.request = func(t *testing.T, s *novatest.Stack) (string, string) {
			path, body := of(t, s)
			return strings.Replace(path, "/servers", "/os-volumes_boot", 1), body
		}
		boot[strings.Replace(row, "/servers", "/os-volumes_boot", 1)] = e
	}
	return boot
}

var neighbourWrites = map[string]writeExample{
	"POST /servers/{id}/action addSecurityGroup 2.1": {request: func(_ *testing.T, s *novatest.Stack) (string, string) {
		vm := s.Server(active).UUID
		port(s, vm)
		port(s, vm)
		return "/servers/" + vm + "/action", `{"addSecurityGroup": {"name": "` + securityGroup(s) + `"}}`
	}},
	"POST /servers/{id}/action removeSecurityGroup 2.1": {request: func(_ *testing.T, s *novatest.Stack) (string, string) {
		vm := s.Server(active).UUID
		port(s, vm)
		port(s, vm)
		return "/servers/" + vm + "/action", `{"removeSecurityGroup": {"name": "default"}}`
	}},
	"POST /servers/{id}/action addFloatingIp 2.1": {request: func(_ *testing.T, s *novatest.Stack) (string, string) {
		vm := s.Server(active).UUID
		_, fixed := port(s, vm)
		hasAddress(s, vm, fixed)
		_, address := floatingIP(s, "")
		return "/servers/" + vm + "/action", `{"addFloatingIp": {"address": "` + address + `"}}`
	}},
	"POST /servers/{id}/action removeFloatingIp 2.1": {request: func(_ *testing.T, s *novatest.Stack) (string, string) {
		vm := s.Server(active).UUID
		port, fixed := port(s, vm)
		hasAddress(s, vm, fixed)
		_, address := floatingIP(s, port)
		return "/servers/" + vm + "/action", `{"removeFloatingIp": {"address": "` + address + `"}}`
	}},
	"POST /servers/{server_id}/os-interface 2.1": {hosts: true, request: func(_ *testing.T, s *novatest.Stack) (string, string) {
		return "/servers/" + s.Server(active).UUID + "/os-interface", `{"interfaceAttachment": {"net_id": "` + network(s, "private") + `"}}`
	}},
	"DELETE /servers/{server_id}/os-interface/{id} 2.1": {request: func(_ *testing.T, s *novatest.Stack) (string, string) {
		vm := s.Server(active).UUID
		id, _ := port(s, vm)
		return "/servers/" + vm + "/os-interface/" + id, ""
	}},
	"POST /servers/{server_id}/os-volume_attachments 2.1":        {hosts: true, request: attach},
	"POST /servers/{server_id}/os-volume_attachments 2.101":      {hosts: true, version: "2.101", request: attach},
	"DELETE /servers/{server_id}/os-volume_attachments/{id} 2.1": {hosts: true, request: detach},
	"PUT /servers/{server_id}/os-volume_attachments/{id} 2.1": {role: "admin", hosts: true, request: func(_ *testing.T, s *novatest.Stack) (string, string) {
		vm, id := s.Attached()
		s.As("admin").At("/volume/v3/"+novatest.NameID("project", "admin")).Do("POST /volumes/"+id+"/action", `{"os-reset_status": {"migration_status": "migrating"}}`).Expect(202)
		return "/servers/" + vm + "/os-volume_attachments/" + id, `{"volumeAttachment": {"volumeId": "` + s.Volume() + `"}}`
	}},
	"POST /servers/{server_id}/shares 2.97": {version: "2.97", options: withShares, request: onServer(stopped, "/shares", `{"share": {"share_id": "`+shareID+`"}}`)},
	"DELETE /servers/{server_id}/shares/{id} 2.97": {version: "2.97", options: withShares, request: func(_ *testing.T, s *novatest.Stack) (string, string) {
		vm := s.Server(stopped).UUID
		s.As("demo").MV("2.97").Do("POST /servers/"+vm+"/shares", `{"share": {"share_id": "`+shareID+`"}}`).Expect(201)
		return "/servers/" + vm + "/shares/" + shareID, ""
	}},

	"DELETE /images/{id} 2.1":                     {request: about(image, "/images/{id}", "")},
	"POST /images/{image_id}/metadata 2.1":        {request: about(image, "/images/{id}/metadata", `{"metadata": {"c": "d"}}`)},
	"PUT /images/{image_id}/metadata 2.1":         {request: about(image, "/images/{id}/metadata", `{"metadata": {"c": "d"}}`)},
	"DELETE /images/{image_id}/metadata/{id} 2.1": {request: about(image, "/images/{id}/metadata/a", "")},
	"PUT /images/{image_id}/metadata/{id} 2.1":    {request: about(image, "/images/{id}/metadata/a", `{"meta": {"a": "z"}}`)},

	"POST /os-floating-ips 2.1": {request: fixed("/os-floating-ips", `{"pool": "public"}`)},
	"DELETE /os-floating-ips/{id} 2.1": {request: about(func(s *novatest.Stack) string {
		id, _ := floatingIP(s, "")
		return id
	}, "/os-floating-ips/{id}", "")},
	"POST /os-security-groups 2.1":        {request: fixed("/os-security-groups", `{"security_group": {"name": "cut-{n}", "description": "x"}}`)},
	"PUT /os-security-groups/{id} 2.1":    {request: about(securityGroup, "/os-security-groups/{id}", `{"security_group": {"name": "{id}", "description": "x"}}`)},
	"DELETE /os-security-groups/{id} 2.1": {request: about(securityGroup, "/os-security-groups/{id}", "")},
	"POST /os-security-group-rules 2.1": {request: about(securityGroup, "/os-security-group-rules",
		`{"security_group_rule": {"parent_group_id": "{id}", "ip_protocol": "tcp", "from_port": 22, "to_port": 22, "cidr": "10.0.0.0/8"}}`)},
	"DELETE /os-security-group-rules/{id} 2.1": {request: about(func(s *novatest.Stack) string {
		return s.As("demo").At("/network/v2.0").Do("POST /security-group-rules", `{"security_group_rule": {"security_group_id": "`+securityGroup(s)+`", "direction": "ingress", "protocol": "tcp"}}`).
			Expect(201).At("security_group_rule", "id")
	}, "/os-security-group-rules/{id}", "")},

	"POST /os-volumes 2.1":        {request: fixed("/os-volumes", `{"volume": {"size": 1}}`)},
	"DELETE /os-volumes/{id} 2.1": {request: about((*novatest.Stack).Volume, "/os-volumes/{id}", "")},
	"POST /os-snapshots 2.1":      {request: about((*novatest.Stack).Volume, "/os-snapshots", `{"snapshot": {"volume_id": "{id}"}}`)},
	"DELETE /os-snapshots/{id} 2.1": {request: about(func(s *novatest.Stack) string {
		return s.Volumes().Do("POST /snapshots", `{"snapshot": {"volume_id": "`+s.Volume()+`"}}`).Expect(202).At("snapshot", "id")
	}, "/os-snapshots/{id}", "")},
	"POST /os-assisted-volume-snapshots 2.1": {role: "admin", request: about(onVolume, "/os-assisted-volume-snapshots",
		`{"snapshot": {"volume_id": "{id}", "create_info": {"snapshot_id": "s", "type": "qcow2", "new_file": "f", "id": "x"}}}`)},
	"DELETE /os-assisted-volume-snapshots/{id} 2.1": {role: "admin", request: about(func(s *novatest.Stack) string {
		return url.QueryEscape(`{"volume_id": "` + onVolume(s) + `"}`)
	}, "/os-assisted-volume-snapshots/s?delete_info={id}", "")},
}

// hasAddress writes an address into the info cache of a server, as its host does.
func hasAddress(s *novatest.Stack, server, address string) {
	like := s.Server(novatest.VM{Addresses: []string{address}}).UUID
	s.Exec("cell1", "UPDATE instance_info_caches SET network_info = ? WHERE instance_uuid = ?", s.Value("cell1", "SELECT network_info FROM instance_info_caches WHERE instance_uuid = ?", like), server)
}

// onVolume is a volume that a server has.
func onVolume(s *novatest.Stack) string {
	id := uuid.NewString()
	s.Server(novatest.VM{Volumes: []string{id}})
	return id
}

func attach(_ *testing.T, s *novatest.Stack) (string, string) {
	return "/servers/" + s.Server(active).UUID + "/os-volume_attachments", `{"volumeAttachment": {"volumeId": "` + s.Volume() + `"}}`
}

func detach(_ *testing.T, s *novatest.Stack) (string, string) {
	vm, id := s.Attached()
	return "/servers/" + vm + "/os-volume_attachments/" + id, ""
}

const shareID = "0f1c2d3e-0000-4000-8000-00000000000b"

// withShares has a Manila, and a Placement that knows that compute-1 can take its shares.
func withShares(t *testing.T) []novatest.Option {
	node := novatest.NameID("node", "compute-1")
	node = strings.Join([]string{node[:8], node[8:12], node[12:16], node[16:20], node[20:]}, "-")
	n := novatest.NewStandIn(t, map[string]string{
		"GET /resource_providers/" + node + "/traits":     `200 {"traits": ["COMPUTE_STORAGE_VIRTIO_FS", "COMPUTE_MEM_BACKING_FILE"]}`,
		"GET /v2/shares/" + shareID:                       `200 {"share": {"id": "` + shareID + `", "status": "available", "share_proto": "NFS"}}`,
		"GET /v2/shares/" + shareID + "/export_locations": `200 {"export_locations": [{"path": "10.0.0.1:/a", "preferred": true}]}`,
	})
	return []novatest.Option{novatest.Conf("[manila]\nendpoint_override = " + n.URL + "/v2\n[placement]\nauth_type = none\nendpoint_override = " + n.URL)}
}

var adminWrites = map[string]writeExample{
	"POST /flavors 2.1":        {role: "admin", request: fixed("/flavors", `{"flavor": {"name": "cut-{n}", "ram": 64, "vcpus": 1, "disk": 1, "id": "cut-{n}"}}`)},
	"DELETE /flavors/{id} 2.1": {role: "admin", request: about(accessible, "/flavors/{id}", "")},
	"PUT /flavors/{id} 2.55":   {role: "admin", version: "2.55", request: about(newFlavor, "/flavors/{id}", `{"flavor": {"description": "x"}}`)},
	"POST /flavors/{id}/action addTenantAccess 2.1": {role: "admin", request: about(newFlavor, "/flavors/{id}/action",
		`{"addTenantAccess": {"tenant": "`+novatest.NameID("project", "demo")+`"}}`)},
	"POST /flavors/{id}/action removeTenantAccess 2.1": {role: "admin", request: about(accessible, "/flavors/{id}/action",
		`{"removeTenantAccess": {"tenant": "`+novatest.NameID("project", "demo")+`"}}`)},
	"POST /flavors/{flavor_id}/os-extra_specs 2.1":        {role: "admin", request: about(newFlavor, "/flavors/{id}/os-extra_specs", `{"extra_specs": {"hw:a": "z", "hw:c": "d"}}`)},
	"DELETE /flavors/{flavor_id}/os-extra_specs/{id} 2.1": {role: "admin", request: about(newFlavor, "/flavors/{id}/os-extra_specs/hw:a", "")},
	"PUT /flavors/{flavor_id}/os-extra_specs/{id} 2.1":    {role: "admin", request: about(newFlavor, "/flavors/{id}/os-extra_specs/hw:a", `{"hw:a": "z"}`)},

	"POST /os-keypairs 2.1":             {request: fixed("/os-keypairs", `{"keypair": {"name": "cut-{n}", "public_key": "`+novatest.PublicKey+`"}}`)},
	"POST /os-keypairs 2.2":             {version: "2.2", request: fixed("/os-keypairs", `{"keypair": {"name": "cut-{n}", "public_key": "`+novatest.PublicKey+`"}}`)},
	"DELETE /os-keypairs/{id} 2.1":      {request: about(keypair, "/os-keypairs/{id}", "")},
	"DELETE /os-keypairs/{id} 2.2":      {version: "2.2", request: about(keypair, "/os-keypairs/{id}", "")},
	"POST /os-server-groups 2.1":        {request: fixed("/os-server-groups", `{"server_group": {"name": "cut", "policies": ["affinity"]}}`)},
	"DELETE /os-server-groups/{id} 2.1": {request: about(serverGroup, "/os-server-groups/{id}", "")},
	"POST /os-server-external-events 2.1": {role: "admin", version: "2.76", request: about(func(s *novatest.Stack) string { return s.Server(active).UUID }, "/os-server-external-events",
		`{"events": [{"name": "network-changed", "server_uuid": "{id}"}, {"name": "power-update", "server_uuid": "{id}", "tag": "POWER_OFF"}]}`)},

	"POST /os-aggregates 2.1":        {role: "admin", request: fixed("/os-aggregates", `{"aggregate": {"name": "cut-{n}", "availability_zone": "cut-{n}"}}`)},
	"DELETE /os-aggregates/{id} 2.1": {role: "admin", request: about(aggregate, "/os-aggregates/{id}", "")},
	"PUT /os-aggregates/{id} 2.1":    {role: "admin", request: about(aggregate, "/os-aggregates/{id}", `{"aggregate": {"name": "renamed-{id}", "availability_zone": "cut"}}`)},
	"POST /os-aggregates/{id}/action add_host 2.1": {role: "admin", request: func(t *testing.T, s *novatest.Stack) (string, string) {
		host, _ := newHost(t, s)
		return "/os-aggregates/" + aggregate(s) + "/action", `{"add_host": {"host": "` + host + `"}}`
	}},
	"POST /os-aggregates/{id}/action remove_host 2.1": {role: "admin", request: func(t *testing.T, s *novatest.Stack) (string, string) {
		id, host := aggregateWithHost(t, s)
		return "/os-aggregates/" + id + "/action", `{"remove_host": {"host": "` + host + `"}}`
	}},
	"POST /os-aggregates/{id}/action set_metadata 2.1": {role: "admin", request: about(aggregate, "/os-aggregates/{id}/action", `{"set_metadata": {"metadata": {"a": "b", "c": "d"}}}`)},
	"POST /os-aggregates/{id}/images 2.81": {role: "admin", version: "2.81", request: func(t *testing.T, s *novatest.Stack) (string, string) {
		id, _ := aggregateWithHost(t, s)
		return "/os-aggregates/" + id + "/images", `{"cache": [{"id": "` + novatest.Image + `"}]}`
	}},

	"POST /os-baremetal-nodes 2.1":                              {role: "admin", refused: true, request: fixed("/os-baremetal-nodes", `{"node": {}}`)},
	"DELETE /os-baremetal-nodes/{id} 2.1":                       {role: "admin", refused: true, request: fixed("/os-baremetal-nodes/{n}", "")},
	"POST /os-baremetal-nodes/{id}/action add_interface 2.1":    {role: "admin", refused: true, request: fixed("/os-baremetal-nodes/{n}/action", `{"add_interface": {}}`)},
	"POST /os-baremetal-nodes/{id}/action remove_interface 2.1": {role: "admin", refused: true, request: fixed("/os-baremetal-nodes/{n}/action", `{"remove_interface": {}}`)},

	"GET /os-hosts/{id}/reboot 2.1":   {role: "admin", request: powerAction("reboot")},
	"GET /os-hosts/{id}/shutdown 2.1": {role: "admin", request: powerAction("shutdown")},
	"GET /os-hosts/{id}/startup 2.1":  {role: "admin", request: powerAction("startup")},
	"PUT /os-hosts/{id} 2.1": {role: "admin", request: func(t *testing.T, s *novatest.Stack) (string, string) {
		host, _ := newHost(t, s)
		return "/os-hosts/" + host, `{"status": "disable", "maintenance_mode": "enable"}`
	}},
	"PUT /os-services/{id} 2.1": {role: "admin", request: func(t *testing.T, s *novatest.Stack) (string, string) {
		host, _ := newHost(t, s)
		return "/os-services/disable", `{"host": "` + host + `", "binary": "nova-compute"}`
	}},
	"PUT /os-services/{id} 2.1, by its id": {role: "admin", version: "2.53", request: func(t *testing.T, s *novatest.Stack) (string, string) {
		_, service := newHost(t, s)
		return "/os-services/" + service, `{"status": "disabled", "forced_down": true}`
	}},
	"DELETE /os-services/{id} 2.1": {role: "admin", version: "2.53", request: func(t *testing.T, s *novatest.Stack) (string, string) {
		_, host := aggregateWithHost(t, s)
		return "/os-services/" + s.Value("cell1", "SELECT uuid FROM services WHERE host = ?", host), ""
	}},

	"PUT /os-quota-class-sets/{id} 2.1": {role: "admin", request: fixed("/os-quota-class-sets/cut-{n}", `{"quota_class_set": {"cores": 5, "ram": 6}}`)},
	"PUT /os-quota-sets/{id} 2.1":       {role: "admin", request: about(project, "/os-quota-sets/{id}", `{"quota_set": {"cores": 5, "ram": 6}}`)},
	"DELETE /os-quota-sets/{id} 2.1": {role: "admin", request: about(func(s *novatest.Stack) string {
		id := project(s)
		s.As("admin").Do("PUT /os-quota-sets/"+id, `{"quota_set": {"cores": 5, "ram": 6}}`).Expect(200)
		return id
	}, "/os-quota-sets/{id}", "")},
}

// examplesOf are the names of the examples of a row.
func examplesOf(key string) []string {
	var names []string
	for name := range writeExamples {
		if name == key || strings.HasPrefix(name, key+", ") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func powerAction(name string) func(*testing.T, *novatest.Stack) (string, string) {
	return func(t *testing.T, s *novatest.Stack) (string, string) {
		host, _ := newHost(t, s)
		return "/os-hosts/" + host + "/" + name, ""
	}
}
