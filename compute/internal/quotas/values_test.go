package quotas_test

import (
	"testing"

	"github.com/nova-go/nova/internal/novatest"
)

// Nova's schemas take integers with a point, and its code makes integers of them.
func TestIntegersWithAPoint(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	admin := s.As("admin")
	project := novatest.NameID("project", "demo")
	for _, cores := range []string{`25.0`, `2.5e1`, `"25"`, `25`} {
		admin.Do("PUT /os-quota-sets/"+project, `{"quota_set": {"cores": `+cores+`}}`).Expect(200).Has(`{"quota_set": {"cores": 25}}`)
		if got := s.Value("api", "SELECT hard_limit FROM quotas WHERE resource = 'cores'"); got != "25" {
			t.Errorf("%s: the limit is %s", cores, got)
		}
		admin.Do("PUT /os-quota-class-sets/c", `{"quota_class_set": {"cores": `+cores+`}}`).Expect(200).Has(`{"quota_class_set": {"cores": 25}}`)
	}
	for _, cores := range []string{`25.5`, `"25.0"`, `"1e1"`, `true`} {
		admin.Do("PUT /os-quota-sets/"+project, `{"quota_set": {"cores": `+cores+`}}`).Expect(400)
	}
}

// TestQuotaValues: what Nova 34.0.0 on MariaDB makes of values of limits that its schemas let
// through and that are not of the type that they should be.
func TestQuotaValues(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	admin := s.As("admin")
	project := novatest.NameID("project", "demo")
	for _, c := range []struct {
		value  string
		status int
		limit  string
	}{
		{`25.0`, 200, "25"}, {`2.5e1`, 200, "25"}, {`"25\n"`, 200, "25"}, {`"-1\n"`, 200, "-1"}, {`-1.0`, 200, "-1"},
		{`2147483647.0`, 200, "2147483647"}, {`2147483648`, 400, ""}, {`25.5`, 400, ""}, {`" 25"`, 400, ""}, {`"2_5"`, 400, ""}, {`true`, 400, ""}, {`null`, 400, ""},
	} {
		for path, member := range map[string]string{"/os-quota-sets/" + project: "quota_set", "/os-quota-class-sets/cls": "quota_class_set"} {
			t.Run(path+" "+c.value, func(t *testing.T) {
				s.Exec("api", "DELETE FROM quotas")
				s.Exec("api", "DELETE FROM quota_classes")
				r := admin.In(t).Do("PUT "+path, `{"`+member+`": {"cores": `+c.value+`}}`).Expect(c.status)
				if c.status != 200 {
					return
				}
				r.Has(`{"` + member + `": {"cores": ` + c.limit + `}}`)
				table := map[string]string{"quota_set": "quotas", "quota_class_set": "quota_classes"}[member]
				if got := s.Value("api", "SELECT hard_limit FROM "+table); got != c.limit {
					t.Errorf("the row has %s, want %s", got, c.limit)
				}
			})
		}
	}
	s.Exec("api", "DELETE FROM quotas")
	s.Server(novatest.VM{})
	admin.Do("PUT /os-quota-sets/"+project, `{"quota_set": {"cores": 0, "force": "ON"}}`).Expect(200)
	admin.Do("PUT /os-quota-sets/"+project, `{"quota_set": {"cores": 0, "force": "OFF"}}`).Expect(400)
	admin.Do("PUT /os-quota-sets/"+project, `{"quota_set": {"cores": 0, "force": "t"}}`).Expect(400)
}
