package compute_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/nova-go/nova/internal/novatest"
	"github.com/nova-go/nova/internal/rpc"
)

const notifications = "[oslo_messaging_notifications]\ndriver = messagingv2\n[notifications]\nnotification_format = both"

// announced are the notifications of some messages by their event, without what
// else was sent. The application announces its own service in the background when it
// has started; TestNewServiceIsAnnounced is about that.
func announced(m *novatest.Messages) (lines []string, payloads map[string]string) {
	payloads = map[string]string{}
	for n, l := range m.Lines {
		if rest, ok := strings.CutPrefix(l, "notification "); ok && !strings.HasSuffix(rest, " service.create") {
			lines = append(lines, rest)
			payloads[rest] = string(m.All[n].Payload)
		}
	}
	return lines, payloads
}

// expectAnnounced wants the events in their order: "u" stands for the topic of the
// old form, "v" for that of the versioned one.
func expectAnnounced(t *testing.T, m *novatest.Messages, want ...string) map[string]string {
	t.Helper()
	lines, payloads := announced(m)
	for n, w := range want {
		want[n] = strings.NewReplacer("ue ", "notifications.error ", "ve ", "versioned_notifications.error ", "u ", "notifications.info ", "v ", "versioned_notifications.info ").Replace(w)
	}
	if !slices.Equal(lines, want) {
		t.Errorf("announced were\n\t%s\nwant\n\t%s", strings.Join(lines, "\n\t"), strings.Join(want, "\n\t"))
	}
	return payloads
}

func expectPayload(t *testing.T, payloads map[string]string, event, want string) {
	t.Helper()
	if p := novatest.Match([]byte(payloads[event]), want, false); p != "" {
		t.Errorf("%s: %s in %s", event, p, payloads[event])
	}
}

func object(name, version, data string) string {
	return fmt.Sprintf(`{"nova_object.name": %q, "nova_object.namespace": "nova", "nova_object.version": %q, "nova_object.data": %s}`, name, version, data)
}

func TestKeypairsAreAnnounced(t *testing.T) {
	t.Parallel()
	s := novatest.New(t, novatest.Conf(notifications))
	demo := s.As("demo")
	p := expectAnnounced(t, s.Messages(func() { demo.Do("POST /os-keypairs", `{"keypair": {"name": "k"}}`).Expect(200) }),
		"u keypair.create.start", "v keypair.create.start", "v keypair.create.end", "u keypair.create.end")
	user := novatest.NameID("user", "demo")
	expectPayload(t, p, "notifications.info keypair.create.start", `{"tenant_id": "`+novatest.NameID("project", "demo")+`", "user_id": "`+user+`", "key_name": "k"}`)
	expectPayload(t, p, "versioned_notifications.info keypair.create.start",
		object("KeypairPayload", "1.0", `{"user_id": "`+user+`", "name": "k", "fingerprint": null, "public_key": null, "type": "ssh"}`))
	var end struct {
		Data map[string]string `json:"nova_object.data"`
	}
	if err := json.Unmarshal([]byte(p["versioned_notifications.info keypair.create.end"]), &end); err != nil || !strings.HasPrefix(end.Data["public_key"], "ssh-") {
		t.Errorf("the end is %v, %v", end, err)
	}
	expectAnnounced(t, s.Messages(func() { demo.Do("DELETE /os-keypairs/k").Expect(202) }),
		"u keypair.delete.start", "v keypair.delete.start", "v keypair.delete.end", "u keypair.delete.end")
	p = expectAnnounced(t, s.Messages(func() { demo.Do("DELETE /os-keypairs/k").Expect(404) }), "u keypair.delete.start", "ue delete_key_pair", "ve compute.exception")
	text := "Keypair k not found for user " + user
	expectPayload(t, p, "notifications.error delete_key_pair", `{"exception": "{'kwargs': {}, 'message': '`+text+`', 'class': 'KeypairNotFound'}", "args": {"user_id": "`+user+`", "key_name": "k"}}`)
	expectPayload(t, p, "versioned_notifications.error compute.exception", object("ExceptionPayload", "1.1",
		`{"module_name": "nova.compute.api", "function_name": "delete_key_pair", "exception": "KeypairNotFound", "exception_message": "`+text+`", "traceback": "nova.exception.KeypairNotFound: `+text+`\n"}`))
	expectAnnounced(t, s.Messages(func() { demo.Do("POST /os-keypairs", `{"keypair": {"name": "l", "public_key": "x"}}`).Expect(400) }),
		"u keypair.import.start", "v keypair.import.start", "ue import_key_pair", "ve compute.exception")
}

func TestFlavorsAreAnnounced(t *testing.T) {
	t.Parallel()
	s := novatest.New(t, novatest.Conf(notifications))
	admin, project := s.As("admin").MV("2.61"), novatest.NameID("project", "demo")
	p := expectAnnounced(t, s.Messages(func() {
		admin.Do("POST /flavors", `{"flavor": {"name": "f", "id": "f1", "ram": 1, "vcpus": 1, "disk": 1, "os-flavor-access:is_public": false}}`).Expect(200)
	}), "v flavor.create")
	data := `{"flavorid": "f1", "memory_mb": 1, "vcpus": 1, "root_gb": 1, "ephemeral_gb": 0, "name": "f", "swap": 0, "rxtx_factor": 1.0, "vcpu_weight": 0,
		"disabled": false, "is_public": false, "extra_specs": %s, "projects": %s, "description": null}`
	expectPayload(t, p, "versioned_notifications.info flavor.create", object("FlavorPayload", "1.4", fmt.Sprintf(data, "{}", "[]")))
	p = expectAnnounced(t, s.Messages(func() {
		admin.Do("POST /flavors/f1/action", `{"addTenantAccess": {"tenant": "`+project+`"}}`).Expect(200)
	}), "v flavor.update")
	expectPayload(t, p, "versioned_notifications.info flavor.update", object("FlavorPayload", "1.4", fmt.Sprintf(data, "{}", `["`+project+`"]`)))
	p = expectAnnounced(t, s.Messages(func() {
		admin.Do("POST /flavors/f1/os-extra_specs", `{"extra_specs": {"a": "b"}}`).Expect(200)
	}), "v flavor.update")
	expectPayload(t, p, "versioned_notifications.info flavor.update", object("FlavorPayload", "1.4", fmt.Sprintf(data, `{"a": "b"}`, `["`+project+`"]`)))
	p = expectAnnounced(t, s.Messages(func() { admin.Do("DELETE /flavors/f1/os-extra_specs/a").Expect(200) }), "v flavor.update")
	expectPayload(t, p, "versioned_notifications.info flavor.update", object("FlavorPayload", "1.4", fmt.Sprintf(data, `{}`, `["`+project+`"]`)))
	p = expectAnnounced(t, s.Messages(func() { admin.Do("DELETE /flavors/f1").Expect(202) }), "v flavor.delete")
	expectPayload(t, p, "versioned_notifications.info flavor.delete", object("FlavorPayload", "1.4", fmt.Sprintf(data, "null", "null")))
}

func TestAggregatesAreAnnounced(t *testing.T) {
	t.Parallel()
	s := novatest.New(t, novatest.Conf(notifications))
	admin := s.As("admin")
	m := s.Messages(func() {
		admin.Do("POST /os-aggregates", `{"aggregate": {"name": "a", "availability_zone": "z"}}`).Expect(200)
	})
	p := expectAnnounced(t, m, "u aggregate.create.start", "v aggregate.create.start", "u aggregate.create.end", "v aggregate.create.end")
	if m.All[0].Publisher != "aggregate.a" || m.All[2].Publisher != "aggregate.1" {
		t.Errorf("published by %s and %s", m.All[0].Publisher, m.All[2].Publisher)
	}
	expectPayload(t, p, "notifications.info aggregate.create.end", `{"name": "a", "meta_data": {"availability_zone": "z"}, "aggregate_id": 1}`)
	uuid := s.Value("api", "SELECT uuid FROM aggregates")
	expectPayload(t, p, "versioned_notifications.info aggregate.create.start",
		object("AggregatePayload", "1.1", `{"id": null, "uuid": "`+uuid+`", "name": "a", "hosts": null, "metadata": {"availability_zone": "z"}}`))
	p = expectAnnounced(t, s.Messages(func() { admin.Do("PUT /os-aggregates/1", `{"aggregate": {"name": "b"}}`).Expect(200) }),
		"u aggregate.updateprop.start", "v aggregate.update_prop.start", "u aggregate.updateprop.end", "v aggregate.update_prop.end")
	expectPayload(t, p, "versioned_notifications.info aggregate.update_prop.start",
		object("AggregatePayload", "1.1", `{"id": 1, "uuid": "`+uuid+`", "name": "b", "hosts": [], "metadata": {"availability_zone": "z"}}`))
	p = expectAnnounced(t, s.Messages(func() {
		admin.Do("POST /os-aggregates/1/action", `{"set_metadata": {"metadata": {"k": null}}}`).Expect(200)
	}), "u aggregate.updatemetadata.start", "v aggregate.update_metadata.start", "u aggregate.updatemetadata.end", "v aggregate.update_metadata.end")
	expectPayload(t, p, "notifications.info aggregate.updatemetadata.start", `{"aggregate_id": 1, "meta_data": {"k": null}}`)
	expectAnnounced(t, s.Messages(func() { admin.Do("POST /os-aggregates/1/action", `{"add_host": {"host": "none"}}`).Expect(404) }),
		"u aggregate.addhost.start", "ue add_host_to_aggregate", "ve compute.exception")
	expectAnnounced(t, s.Messages(func() { admin.Do("DELETE /os-aggregates/99").Expect(404) }), "u aggregate.delete.start", "ue delete_aggregate", "ve compute.exception")
	expectAnnounced(t, s.Messages(func() { admin.Do("PUT /os-aggregates/99", `{"aggregate": {"name": "c"}}`).Expect(404) }), "ue update_aggregate", "ve compute.exception")
	expectAnnounced(t, s.Messages(func() { admin.Do("POST /os-aggregates", `{"aggregate": {"name": "b"}}`).Expect(409) }),
		"u aggregate.create.start", "v aggregate.create.start", "ue create_aggregate", "ve compute.exception")
	expectAnnounced(t, s.Messages(func() { admin.Do("DELETE /os-aggregates/1").Expect(200) }),
		"u aggregate.delete.start", "v aggregate.delete.start", "u aggregate.delete.end", "v aggregate.delete.end")
}

func TestServerGroupsAreAnnounced(t *testing.T) {
	t.Parallel()
	s := novatest.New(t, novatest.Conf(notifications))
	demo := s.As("demo").MV("2.64")
	p := expectAnnounced(t, s.Messages(func() {
		demo.Do("POST /os-server-groups", `{"server_group": {"name": "g", "policy": "anti-affinity", "rules": {"max_server_per_host": 1}}}`).Expect(200)
	}), "u servergroup.create", "v server_group.create")
	uuid, user, project := s.Value("api", "SELECT uuid FROM instance_groups"), novatest.NameID("user", "demo"), novatest.NameID("project", "demo")
	expectPayload(t, p, "notifications.info servergroup.create", `{"name": "g", "project_id": "`+project+`", "user_id": "`+user+`", "policy": "anti-affinity",
		"_rules": {"max_server_per_host": "1"}, "server_group_id": "`+uuid+`"}`)
	expectPayload(t, p, "versioned_notifications.info server_group.create", object("ServerGroupPayload", "1.1", `{"uuid": "`+uuid+`", "name": "g", "user_id": "`+user+`",
		"project_id": "`+project+`", "policies": ["anti-affinity"], "members": [], "hosts": null, "policy": "anti-affinity", "rules": {"max_server_per_host": "1"}}`))
	p = expectAnnounced(t, s.Messages(func() { demo.Do("DELETE /os-server-groups/" + uuid).Expect(204) }), "u servergroup.delete", "v server_group.delete")
	expectPayload(t, p, "notifications.info servergroup.delete", `{"server_group_id": "`+uuid+`"}`)
}

func TestServicesAndHostsAreAnnounced(t *testing.T) {
	t.Parallel()
	s := novatest.New(t, novatest.Conf(notifications))
	s.Service("compute-1", "nova-compute")
	s.Insert("api", "host_mappings", map[string]any{"host": "compute-1", "cell_id": s.Value("api", "SELECT id FROM cell_mappings WHERE name = 'cell1'")})
	s.Answer("compute", "compute-1", map[string]any{"set_host_enabled": "enabled"})
	uuid := s.Value("cell1", "SELECT uuid FROM services WHERE host = 'compute-1'")
	m := s.Messages(func() {
		s.As("admin").MV("2.53").Do("PUT /os-services/"+uuid, `{"status": "disabled", "disabled_reason": "r"}`).Expect(200)
	})
	p := expectAnnounced(t, m, "v service.update")
	if m.All[0].Publisher != "nova-compute:compute-1" {
		t.Errorf("published by %s", m.All[0].Publisher)
	}
	for _, want := range []string{`"nova_object.name":"ServiceStatusPayload"`, `"nova_object.version":"1.1"`, `"disabled":true`, `"disabled_reason":"r"`, `"availability_zone":"nova"`, `"uuid":"` + uuid + `"`} {
		if !strings.Contains(p["versioned_notifications.info service.update"], want) {
			t.Errorf("no %s in %s", want, p["versioned_notifications.info service.update"])
		}
	}
	p = expectAnnounced(t, s.Messages(func() { s.As("admin").Do("PUT /os-hosts/compute-1", `{"status": "enable"}`).Expect(200) }),
		"u HostAPI.set_enabled.start", "u HostAPI.set_enabled.end")
	expectPayload(t, p, "notifications.info HostAPI.set_enabled.start", `{"host_name": "compute-1", "enabled": true}`)
	p = expectAnnounced(t, s.Messages(func() { s.As("admin").Do("GET /os-hosts/nosuch/reboot").Expect(404) }), "ue host_power_action", "ve compute.exception")
	if want := `"args":{"action":"reboot","host_name":"nosuch"}`; !strings.Contains(p["notifications.error host_power_action"], want) {
		t.Errorf("no %s in %s", want, p["notifications.error host_power_action"])
	}
}

func TestLocksAreAnnounced(t *testing.T) {
	t.Parallel()
	s := novatest.New(t, novatest.Conf(notifications))
	vm := s.Server(novatest.VM{Addresses: []string{"10.0.0.5"}})
	demo := s.As("demo").MV("2.73")
	p := expectAnnounced(t, s.Messages(func() {
		demo.Do("POST /servers/"+vm.UUID+"/action", `{"lock": {"locked_reason": "mine"}}`).Expect(202)
	}), "v instance.lock")
	var e struct {
		Name, Version string
		Data          map[string]any `json:"nova_object.data"`
	}
	if err := json.Unmarshal([]byte(p["versioned_notifications.info instance.lock"]), &e); err != nil {
		t.Fatal(err)
	}
	for field, want := range map[string]any{"uuid": vm.UUID, "locked": true, "locked_reason": "mine", "power_state": "running", "state": "active", "auto_disk_config": "AUTO",
		"block_devices": nil, "fault": nil, "action_initiator_user": novatest.NameID("user", "demo"), "host_name": vm.Name} {
		if got, has := e.Data[field]; !has || got != want {
			t.Errorf("%s is %v, want %v", field, got, want)
		}
	}
	if flavor, _ := json.Marshal(e.Data["flavor"]); !strings.Contains(string(flavor), `"FlavorPayload"`) || !strings.Contains(string(flavor), `"projects":null`) {
		t.Errorf("its flavor is %s", flavor)
	}
	if addresses, _ := json.Marshal(e.Data["ip_addresses"]); !strings.Contains(string(addresses), `"address":"10.0.0.5"`) {
		t.Errorf("its addresses are %s", addresses)
	}
	expectAnnounced(t, s.Messages(func() { demo.Do("POST /servers/"+vm.UUID+"/action", `{"unlock": null}`).Expect(202) }), "v instance.unlock")
}

func TestOnlyTheFormAskedForIsAnnounced(t *testing.T) {
	t.Parallel()
	s := novatest.New(t, novatest.Conf("[oslo_messaging_notifications]\ndriver = messagingv2\n[notifications]\nnotification_format = versioned\nversioned_notifications_topics = one,two"))
	lines, _ := announced(s.Messages(func() { s.As("admin").Do("POST /os-keypairs", `{"keypair": {"name": "k"}}`).Expect(200) }))
	if want := []string{"one.info keypair.create.start", "two.info keypair.create.start", "one.info keypair.create.end", "two.info keypair.create.end"}; !slices.Equal(lines, want) {
		t.Errorf("announced were %v, want %v", lines, want)
	}
	s = novatest.New(t, novatest.Conf("[notifications]\nnotification_format = both"))
	if lines, _ := announced(s.Messages(func() { s.As("admin").Do("POST /os-keypairs", `{"keypair": {"name": "k"}}`).Expect(200) })); len(lines) > 0 {
		t.Errorf("announced were %v without a driver", lines)
	}
}

func TestChangesOfServersAreAnnounced(t *testing.T) {
	t.Parallel()
	s := novatest.New(t, novatest.Conf(notifications+"\nnotify_on_state_change = vm_and_task_state\n[glance]\nendpoint_override = http://127.0.0.1:1"))
	vm := s.Server(novatest.VM{Tags: []string{"a"}, SystemMetadata: map[string]string{"image_os": "x"}})
	m := s.Messages(func() { s.As("demo").Do("POST /servers/"+vm.UUID+"/action", `{"pause": null}`).Expect(202) })
	p := expectAnnounced(t, m, "u compute.instance.update", "v instance.update")
	var old map[string]any
	if err := json.Unmarshal([]byte(p["notifications.info compute.instance.update"]), &old); err != nil {
		t.Fatal(err)
	}
	for field, want := range map[string]any{"instance_id": vm.UUID, "old_state": "active", "state": "active", "old_task_state": "pausing", "new_task_state": "pausing",
		"state_description": "pausing", "created_at": "2026-05-01 12:01:00+00:00", "launched_at": "2026-05-01T12:01:20.000000", "progress": "",
		"image_ref_url": "http://127.0.0.1:1/images/70a599e0-31e7-49b7-b260-868f441e862b"} {
		if old[field] != want {
			t.Errorf("%s is %v, want %v", field, old[field], want)
		}
	}
	for _, want := range []string{`"nova_object.name":"InstanceUpdatePayload"`, `"nova_object.version":"2.1"`, `"tags":["a"]`, `"InstanceStateUpdatePayload"`, `"AuditPeriodPayload"`} {
		if !strings.Contains(p["versioned_notifications.info instance.update"], want) {
			t.Errorf("no %s in %s", want, p["versioned_notifications.info instance.update"])
		}
	}
	if i := m.Of("pause_instance", "instance"); i.Has("tags") {
		t.Error("the host is told of tags, too")
	}
}

func TestNewServiceIsAnnounced(t *testing.T) {
	t.Parallel()
	var r *rpc.Recorder
	novatest.New(t, novatest.Conf(notifications), novatest.Before(func(s *novatest.Stack) { r = s.Broker.Record() }))
	if _, err := r.Wait(t.Context(), func(rpc.Message) bool { return true }); err != nil {
		t.Fatal(err)
	}
	r.Stop()
	if all := r.Messages(); len(all) != 1 || all[0].Publisher != "nova-api:dev" || all[0].Event != "service.create" {
		t.Errorf("announced were %+v", all)
	} else if !strings.Contains(string(all[0].Payload), `"binary":"nova-osapi_compute"`) {
		t.Errorf("the service is %s", all[0].Payload)
	}
}

const devices = "\nbdms_in_notifications = true\ninclude_share_mapping = true\n[glance]\nendpoint_override = http://127.0.0.1:1"

// TestLocalDeletesAreAnnounced deletes servers without their hosts: nobody else
// announces that.
func TestLocalDeletesAreAnnounced(t *testing.T) {
	t.Parallel()
	s := novatest.New(t, novatest.Conf(notifications+devices))
	demo := s.As("demo")
	volume := "0a1b2c3d-0000-4000-8000-000000000001"
	for name, vm := range map[string]novatest.VM{
		"its host is gone":    {Host: "nosuch", Volumes: []string{volume}},
		"it has no host":      {Host: "-", VMState: "shelved_offloaded"},
		"it was never on one": {Host: "-", VMState: "building", Cell: "cell0"},
	} {
		vm := s.Server(vm)
		m := s.Messages(func() { demo.Do("DELETE /servers/" + vm.UUID).Expect(204) })
		p := expectAnnounced(t, m, "u compute.instance.delete.start", "v instance.delete.start", "u compute.instance.delete.end", "v instance.delete.end")
		if m.All[0].Publisher != "compute.dev" || m.All[1].Publisher != "nova-api:dev" {
			t.Errorf("%s: published by %s and %s", name, m.All[0].Publisher, m.All[1].Publisher)
		}
		var old map[string]any
		if err := json.Unmarshal([]byte(p["notifications.info compute.instance.delete.end"]), &old); err != nil {
			t.Fatal(err)
		}
		if old["instance_id"] != vm.UUID || old["deleted_at"] == "" || old["instance_type"] != "m1.tiny" || old["audit_period_beginning"] != nil {
			t.Errorf("%s: announced was %v", name, old)
		}
		start, end := p["versioned_notifications.info instance.delete.start"], p["versioned_notifications.info instance.delete.end"]
		if !strings.Contains(start, `"deleted_at":null`) || strings.Contains(end, `"deleted_at":null`) {
			t.Errorf("%s: announced were %s and %s", name, start, end)
		}
		if has := strings.Contains(start, `"BlockDevicePayload"`) && strings.Contains(start, `"volume_id":"`+volume+`"`); has != (vm.Volumes != nil) {
			t.Errorf("%s: its devices are in %s", name, start)
		}
	}
	vm := s.Server(novatest.VM{Host: "nosuch"})
	s.Insert("cell1", "share_mapping", map[string]any{"uuid": volume, "instance_uuid": vm.UUID, "share_id": "s1", "status": "inactive", "tag": "t", "export_location": "secret", "share_proto": "NFS"})
	p := expectAnnounced(t, s.Messages(func() { demo.Do("POST /servers/"+vm.UUID+"/action", `{"lock": null}`).Expect(202) }), "v instance.lock")
	if lock, want := p["versioned_notifications.info instance.lock"], object("SharePayload", "1.0", `{"share_mapping_uuid": "`+volume+`", "share_id": "s1", "status": "inactive", "tag": "t"}`); novatest.Match([]byte(lock), `{"nova_object.data": {"shares": [`+want+`]}}`, true) != "" {
		t.Errorf("its shares are in %s, want %s", lock, want)
	}
	vm = s.Server(novatest.VM{})
	s.Service("compute-1", "nova-compute")
	expectAnnounced(t, s.Messages(func() { demo.Do("DELETE /servers/" + vm.UUID).Expect(204) })) // its host does
}

func TestEvacuationsAreAnnounced(t *testing.T) {
	t.Parallel()
	s := novatest.New(t, novatest.Conf(notifications+devices))
	vm := s.Server(novatest.VM{Volumes: []string{"0a1b2c3d-0000-4000-8000-000000000001"}})
	s.Service("compute-1", "nova-compute")
	s.Exec("cell1", "UPDATE services SET updated_at = '2020-01-01 00:00:00', last_seen_up = '2020-01-01 00:00:00'")
	p := expectAnnounced(t, s.Messages(func() {
		s.As("admin").MV("2.95").Do("POST /servers/"+vm.UUID+"/action", `{"evacuate": {}}`).Expect(200)
	}),
		"u compute.instance.evacuate", "v instance.evacuate")
	for _, want := range []string{`"task_state":"rebuilding"`, `"shares":[]`, `"BlockDevicePayload"`, `"tag":null`, `"fault":null`} {
		if !strings.Contains(p["versioned_notifications.info instance.evacuate"], want) {
			t.Errorf("no %s in %s", want, p["versioned_notifications.info instance.evacuate"])
		}
	}
}
