package groups_test

import (
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
