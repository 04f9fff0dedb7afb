package groups_test

import (
	"fmt"
	"testing"

	"github.com/nova-go/nova/internal/novatest"
)

func TestServerGroups(t *testing.T) {
	t.Parallel()
	s := novatest.New(t, novatest.Conf("[quota]\nserver_groups = 2"))
	demo := s.As("demo")
	project, user := novatest.NameID("project", "demo"), novatest.NameID("user", "demo")
	var id string
	s.Changes(func() {
		id = demo.MV("2.15").Do("POST /os-server-groups", `{"server_group": {"name": "g", "policies": ["soft-affinity"]}}`).Expect(200).
			JSON(`{"server_group": {"id": "*", "name": "g", "policies": ["soft-affinity"], "metadata": {}, "members": [], "project_id": "`+project+`", "user_id": "`+user+`"}}`).At("server_group", "id")
	}).Expect("api INSERT instance_group_policy id=1 created_at=now policy=soft-affinity group_id=1 rules={}",
		"api INSERT instance_groups id=1 created_at=now user_id="+user+" project_id="+project+" uuid=*")
	vm, gone := s.Server(novatest.VM{}), s.Server(novatest.VM{Deleted: true})
	for _, m := range []string{vm.UUID, gone.UUID} {
		s.Exec("api", "INSERT INTO instance_group_member (instance_uuid, group_id) VALUES (?, 1)", m)
	}
	demo.MV("2.64").Do("GET /os-server-groups/" + id).Expect(200).Has(`{"server_group": {"policy": "soft-affinity", "rules": {}, "members": ["` + vm.UUID + `"]}}`)
	demo.Do("GET /os-server-groups").Expect(200).Has(`{"server_groups": [{"members": ["` + vm.UUID + `"]}]}`)
	s.As("admin").Do("GET /os-server-groups").Expect(200).JSON(`{"server_groups": []}`)
	s.As("admin").Do("GET /os-server-groups?all_projects=1").Expect(200).Has(`{"server_groups": [{"id": "` + id + `"}]}`)
	demo.MV("2.64").Do("POST /os-server-groups", `{"server_group": {"name": "h", "policy": "affinity", "rules": {"max_server_per_host": 1}}}`).Expect(400).
		Fault("badRequest", "Only anti-affinity policy supports rules.")
	s.Changes(func() {
		demo.MV("2.64").Do("POST /os-server-groups", `{"server_group": {"name": "h", "policy": "anti-affinity", "rules": {"max_server_per_host": "1"}}}`).Expect(200).
			Has(`{"server_group": {"rules": {"max_server_per_host": 1}}}`)
	}).Expect(`api INSERT instance_group_policy id=2 * rules={"max_server_per_host": "1"}`, "api INSERT instance_groups id=2 *")
	demo.Do("POST /os-server-groups", `{"server_group": {"name": "i", "policies": ["affinity"]}}`).Expect(403).Fault("forbidden", "Quota exceeded, too many server groups.")
	s.As("reader").Do("DELETE /os-server-groups/" + id).Expect(403)
	s.Changes(func() { demo.Do("DELETE /os-server-groups/" + id).Expect(204) }).
		Expect("api DELETE instance_group_member id=1", "api DELETE instance_group_member id=2", "api DELETE instance_group_policy id=1", "api DELETE instance_groups id=1")
	demo.Do("DELETE /os-server-groups/"+id).Expect(404).Fault("itemNotFound", "Instance group "+id+" could not be found.")
}

// TestGroupRuleValues: what Nova 34.0.0 on MariaDB makes of values of the rules of a group that its schemas let
// through and that are not of the type that they should be.
func TestGroupRuleValues(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	demo := s.As("demo").MV("2.64")
	s.Service("compute-1", "nova-compute")
	for _, c := range []struct {
		value  string
		status int
		want   string // of the rule, or a message
		kept   string
	}{
		{`2`, 200, `2`, `2`},
		{`"2\n"`, 200, `2`, `2\n`},
		{`9223372036854775808`, 200, `9223372036854775808`, `9223372036854775808`},
		{`1.0`, 500, novatest.Unexpected("ValueError"), `1.0`}, // Nova makes the group, and fails to show it
		{`"\n"`, 500, novatest.Unexpected("ValueError"), ""},
		{`0`, 400, "*", ""},
		{`true`, 400, "*", ""},
	} {
		t.Run(c.value, func(t *testing.T) {
			changes := s.In(t).Changes(func() {
				r := demo.In(t).Do("POST /os-server-groups", `{"server_group": {"name": "g", "policy": "anti-affinity", "rules": {"max_server_per_host": `+c.value+`}}}`).Expect(c.status)
				if c.status == 200 {
					r.Has(`{"server_group": {"rules": {"max_server_per_host": ` + c.want + `}}}`)
				} else {
					r.Fault(novatest.FaultOf(c.status), c.want)
				}
			})
			if c.kept == "" {
				changes.Expect()
				return
			}
			changes.Expect(`api INSERT instance_group_policy * rules={"max_server_per_host": "`+c.kept+`"}`, "api INSERT instance_groups *")
		})
	}
}

// TestGroupPages: offset and limit count groups, also if an old release has given one several policies.
func TestGroupPages(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	for n, project := range []string{"demo", "demo", "admin", "demo", "demo"} {
		id := n + 1
		s.Insert("api", "instance_groups", map[string]any{"id": id, "uuid": fmt.Sprint("g", id), "name": fmt.Sprint("g", id), "project_id": novatest.NameID("project", project), "user_id": "u"})
		for range 1 + n%2 {
			s.Insert("api", "instance_group_policy", map[string]any{"group_id": id, "policy": "affinity"})
		}
	}
	for query, want := range map[string]string{
		"": "g1 g2 g4 g5", "limit=2": "g1 g2", "limit=2&offset=1": "g2 g4", "offset=3": "g5", "offset=4": "", "limit=0&offset=2": "g4 g5", "offset=99999999999999999999": "",
	} {
		if got := s.As("demo").Do("GET /os-server-groups?" + query).Expect(200).Names("server_groups"); got != want {
			t.Errorf("%q: %s, want %s", query, got, want)
		}
	}
	if got := s.As("admin").Do("GET /os-server-groups?all_projects=1&limit=2&offset=2").Expect(200).Names("server_groups"); got != "g3 g4" {
		t.Errorf("of all projects: %s", got)
	}
}
