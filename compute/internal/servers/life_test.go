package servers_test

import (
	"strings"
	"testing"

	"github.com/nova-go/nova/internal/novatest"
)

// life is a stack whose servers come to life, and what its tests need of it.
type life struct {
	*novatest.Stack
	t    *testing.T
	demo *novatest.Client
}

func newLife(t *testing.T) *life {
	s := novatest.New(t, novatest.WithCompute())
	return &life{s, t, s.As("demo").MV("2.96")}
}

// private is the network of the project demo.
func (l *life) private() string {
	return l.As("demo").At("").Do("GET /network/v2.0/networks?name=private").Expect(200).At("networks", "0", "id")
}

// create builds a server and answers its id.
func (l *life) create(name string) string {
	l.t.Helper()
	id := l.demo.Do("POST /servers", map[string]any{"server": map[string]any{"name": name, "flavorRef": "1", "imageRef": "70a599e0-31e7-49b7-b260-868f441e862b",
		"networks": []any{map[string]string{"uuid": l.private()}}, "metadata": map[string]string{"a": "b"}, "tags": []string{"blue"}}}).Expect(202).At("server", "id")
	l.Settle()
	return id
}

// is wants a server's state.
func (l *life) is(id, status string) *novatest.Response {
	l.t.Helper()
	r := l.demo.Do("GET /servers/" + id).Expect(200)
	if got := r.At("server", "status"); got != status {
		l.t.Fatalf("the server is %s, want %s: %s\n%s", got, status, r.Body, l.Log())
	}
	if task := r.At("server", "OS-EXT-STS:task_state"); task != "<nil>" {
		l.t.Fatalf("the server has the task %s", task)
	}
	return r
}

// act sends an action and wants the state that it leads to.
func (l *life) act(as *novatest.Client, id string, body any, expect int, status string) {
	l.t.Helper()
	as.Do("POST /servers/"+id+"/action", body).Expect(expect)
	l.Settle()
	l.is(id, status)
}

func TestAServerLives(t *testing.T) {
	t.Parallel()
	l := newLife(t)
	id := l.create("web")
	l.is(id, "ACTIVE").Has(`{"server": {"name": "web", "addresses": {"private": [{"addr": "10.0.0.2", "version": 4, "OS-EXT-IPS:type": "fixed"}]}, "metadata": {"a": "b"}, "tags": ["blue"],
		"OS-EXT-STS:power_state": 1, "OS-EXT-AZ:availability_zone": "nova", "security_groups": [{"name": "default"}]}}`)
	for _, step := range []struct{ body, status string }{
		{`{"os-stop": null}`, "SHUTOFF"}, {`{"os-start": null}`, "ACTIVE"}, {`{"reboot": {"type": "SOFT"}}`, "ACTIVE"}, {`{"pause": null}`, "PAUSED"}, {`{"unpause": null}`, "ACTIVE"},
		{`{"suspend": null}`, "SUSPENDED"}, {`{"resume": null}`, "ACTIVE"}, {`{"shelve": null}`, "SHELVED_OFFLOADED"}, {`{"unshelve": null}`, "ACTIVE"},
	} {
		as := l.demo
		if step.body == `{"pause": null}` || step.body == `{"unpause": null}` {
			as = l.As("admin").MV("2.96")
		}
		l.act(as, id, step.body, 202, step.status)
	}
	l.demo.Do("GET /servers/" + id + "/os-instance-actions").Expect(200)
	l.demo.Do("DELETE /servers/" + id).Expect(204)
	l.Settle()
	l.demo.Do("GET /servers/" + id).Expect(404)
	l.As("demo").At("").Do("GET /network/v2.0/ports?device_id=" + id).Expect(200).JSON(`{"ports": []}`)
	l.As("admin").At("").Do("GET /placement/allocations/" + id).Expect(200).JSON(`{"allocations": {}}`)
}

// TestRowsOfANewServer are those that a conductor and a compute of Nova leave.
func TestRowsOfANewServer(t *testing.T) {
	t.Parallel()
	l := newLife(t)
	net := l.private()
	c := l.Changes(func() {
		l.demo.Do("POST /servers", `{"server": {"name": "web", "flavorRef": "1", "imageRef": "70a599e0-31e7-49b7-b260-868f441e862b", "networks": [{"uuid": "`+net+`"}]}}`).Expect(202)
		l.Settle()
	})
	c.Expect(
		`api INSERT instance_mappings id=1 created_at=now updated_at=now instance_uuid=* cell_id=2 project_id=* queued_for_delete=0 user_id=*`,
		`api INSERT request_specs id=1 *`,
		`cell1 INSERT block_device_mapping id=1 created_at=now updated_at=now device_name=/dev/sda delete_on_termination=1 no_device=0 instance_uuid=* deleted=0 source_type=image destination_type=local *boot_index=0 image_id=70a599e0-31e7-49b7-b260-868f441e862b uuid=* encrypted=0`,
		`cell1 UPDATE compute_nodes id=1 *`,
		`cell1 INSERT instance_actions id=1 created_at=now updated_at=now action=create instance_uuid=* request_id=req-* user_id=* project_id=* start_time=now deleted=0`,
		`cell1 INSERT instance_actions_events id=1 created_at=now updated_at=now event=compute__do_build_and_run_instance action_id=1 start_time=now finish_time=now result=Success deleted=0 host=compute-1`,
		`cell1 INSERT instance_extra id=1 *`,
		`cell1 INSERT instance_id_mappings id=1 *`,
		`cell1 INSERT instance_info_caches id=1 *10.0.0.2*`,
		`cell1 INSERT instance_system_metadata id=1 *`, `cell1 INSERT instance_system_metadata id=2 *`, `cell1 INSERT instance_system_metadata id=3 *`, `cell1 INSERT instance_system_metadata id=4 *`,
		`cell1 INSERT instance_system_metadata id=5 *`, `cell1 INSERT instance_system_metadata id=6 *`, `cell1 INSERT instance_system_metadata id=7 *`, `cell1 INSERT instance_system_metadata id=8 *`,
		`cell1 INSERT instances id=1 * vm_state=active *host=compute-1 *`,
		`cell1 INSERT virtual_interfaces id=1 *`)
}

// TestSecurityGroupsAreShownAsTheyAre wants a change seen by whoever asks next,
// though the names of groups are held for a moment.
func TestSecurityGroupsAreShownAsTheyAre(t *testing.T) {
	t.Parallel()
	l := newLife(t)
	id := l.create("web")
	l.is(id, "ACTIVE").Has(`{"server": {"security_groups": [{"name": "default"}]}}`)
	l.demo.Do("POST /servers/"+id+"/action", `{"removeSecurityGroup": {"name": "default"}}`).Expect(202)
	if r := l.is(id, "ACTIVE"); strings.Contains(string(r.Body), `"security_groups"`) {
		t.Fatalf("the group is still shown: %s", r.Body)
	}
	l.demo.Do("POST /servers/"+id+"/action", `{"addSecurityGroup": {"name": "default"}}`).Expect(202)
	l.is(id, "ACTIVE").Has(`{"server": {"security_groups": [{"name": "default"}]}}`)
}
