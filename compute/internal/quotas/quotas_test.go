package quotas_test

import (
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/nova-go/nova/internal/novatest"
	"github.com/nova-go/nova/internal/novatest/pytables"
)

func TestQuotaSets(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	project := novatest.NameID("project", "demo")
	s.Server(novatest.VM{})
	admin, demo := s.As("admin"), s.As("demo")
	path := "/os-quota-sets/" + project
	demo.MV("2.57").Do("GET " + path).Expect(200).JSON(`{"quota_set": {"id": "` + project + `", "cores": 20, "instances": 10, "key_pairs": 100, "metadata_items": 128, "ram": 51200, "server_group_members": 10, "server_groups": 10}}`)
	demo.MV("2.36").Do("GET " + path + "/detail").Expect(200).Has(`{"quota_set": {"cores": {"limit": 20, "in_use": 1, "reserved": 0}, "injected_files": {"limit": 5, "in_use": 0}}}`)
	demo.Do("GET " + path).Expect(200).Has(`{"quota_set": {"fixed_ips": -1, "security_groups": -1}}`)
	demo.Do("GET /os-quota-sets/other").Expect(403)
	demo.Do("PUT "+path, `{"quota_set": {"cores": 5}}`).Expect(403)
	admin.Do("PUT "+path, `{"quota_set": {"cores": 0}}`).Expect(400).Fault("badRequest", "Quota limit 0 for cores must be greater than or equal to already used and reserved 1.")
	s.Changes(func() {
		admin.Do("PUT "+path, `{"quota_set": {"cores": "8", "ram": 4096}}`).Expect(200).Has(`{"quota_set": {"cores": 8, "ram": 4096}}`)
	}).Expect("api INSERT quotas id=1 created_at=now project_id="+project+" resource=cores hard_limit=8",
		"api INSERT quotas id=2 created_at=now project_id="+project+" resource=ram hard_limit=4096")
	user := path + "?user_id=someone"
	s.Changes(func() { admin.Do("PUT "+user, `{"quota_set": {"cores": 5}}`).Expect(200) }).
		Expect("api INSERT project_user_quotas id=1 created_at=now user_id=someone project_id=" + project + " resource=cores hard_limit=5")
	admin.Do("PUT "+user, `{"quota_set": {"cores": 9}}`).Expect(400).Fault("badRequest", "Quota limit 9 for cores must be less than or equal to 8.")
	admin.Do("PUT "+path, `{"quota_set": {"cores": 4}}`).Expect(400).Fault("badRequest", "* reserved 5.")
	s.Changes(func() { admin.Do("PUT "+path, `{"quota_set": {"cores": 4, "force": true}}`).Expect(200) }).
		Expect("api UPDATE quotas id=1 updated_at=*→now hard_limit=8→4")
	admin.Do("GET " + user).Expect(200).Has(`{"quota_set": {"cores": 5}}`)
	s.Changes(func() { admin.Do("DELETE " + user).Expect(202) }).Expect("api DELETE project_user_quotas id=1")
	s.Changes(func() { admin.Do("DELETE " + path).Expect(202) }).Expect("api DELETE quotas id=1", "api DELETE quotas id=2")
	admin.Do("DELETE " + path).Expect(202)
	demo.Do("GET " + path + "/defaults").Expect(200).Has(`{"quota_set": {"cores": 20}}`)
}

func TestQuotaClasses(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	admin := s.As("admin")
	s.Changes(func() {
		admin.MV("2.50").Do("PUT /os-quota-class-sets/default", `{"quota_class_set": {"cores": 7}}`).Expect(200).Has(`{"quota_class_set": {"cores": 7, "server_groups": 10}}`)
	}).Expect("api INSERT quota_classes id=1 created_at=now class_name=default resource=cores hard_limit=7")
	s.Changes(func() {
		admin.Do("PUT /os-quota-class-sets/default", `{"quota_class_set": {"cores": 6}}`).Expect(200)
	}).Expect("api UPDATE quota_classes id=1 updated_at=*→now hard_limit=7→6")
	admin.Do("GET /os-quota-class-sets/default").Expect(200).Has(`{"quota_class_set": {"id": "default", "cores": 6, "fixed_ips": -1}}`)
	s.As("demo").Do("GET /os-quota-class-sets/default").Expect(403)
	s.As("demo").Do("GET /limits").Expect(200).Has(`{"limits": {"absolute": {"maxTotalCores": 6}}}`)
}

func TestNoopQuotas(t *testing.T) {
	t.Parallel()
	s := novatest.New(t, novatest.Conf("[quota]\ndriver = nova.quota.NoopQuotaDriver"))
	s.As("demo").Do("GET /os-quota-sets/" + novatest.NameID("project", "demo") + "/detail").Expect(200).Has(`{"quota_set": {"cores": {"limit": -1, "in_use": -1, "reserved": -1}}}`)
}

func TestUsage(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	project := novatest.NameID("project", "demo")
	first := s.Server(novatest.VM{UUID: "00000000-0000-4000-8000-000000000001", Name: "a"})
	s.Server(novatest.VM{UUID: "00000000-0000-4000-8000-000000000002", Name: "b"})
	s.Exec("cell1", "UPDATE instances SET launched_at = '2026-05-01 12:00:00.000000', terminated_at = NULL")
	s.Exec("cell1", "UPDATE instances SET terminated_at = '2026-05-01 13:30:00.000000' WHERE uuid = ?", first.UUID)
	window := "?start=2026-05-01T12:30:00&end=2026-05-01T14:30:00"
	demo := s.As("demo")
	demo.Do("GET /os-simple-tenant-usage/" + project + window).Expect(200).Has(`{"tenant_usage": {"tenant_id": "` + project + `", "total_hours": 3.0, "total_vcpus_usage": 3.0, "total_memory_mb_usage": 1536.0,
		"start": "2026-05-01T12:30:00.000000", "server_usages": [{"name": "a", "hours": 1.0, "state": "terminated", "uptime": 5400}, {"name": "b", "hours": 2.0, "state": "active", "ended_at": null}]}}`)
	demo.MV("2.40").Do("GET /os-simple-tenant-usage/" + project + window + "&limit=1").Expect(200).Has(`{"tenant_usage": {"total_hours": 1.0}, "tenant_usage_links": [{"rel": "next", "href": "*marker=` + first.UUID + `"}]}`)
	demo.MV("2.40").Do("GET /os-simple-tenant-usage/" + project + window + "&marker=" + first.UUID).Expect(200).Has(`{"tenant_usage": {"total_hours": 2.0}}`)
	demo.MV("2.40").Do("GET /os-simple-tenant-usage/"+project+window+"&marker=x").Expect(400).Fault("badRequest", "Marker x could not be found.")
	demo.MV("2.40").Do("GET /os-simple-tenant-usage/"+project+window+"&marker=").Expect(400).Fault("badRequest", "Marker  could not be found.")
	demo.Do("GET /os-simple-tenant-usage" + window).Expect(403)
	s.As("admin").Do("GET /os-simple-tenant-usage" + window).Expect(200).Has(`{"tenant_usages": [{"total_hours": 3.0}]}`)
	s.As("admin").Do("GET /os-simple-tenant-usage").Expect(200)
	s.As("admin").Do("GET /os-simple-tenant-usage?start=0999-01-01T00:00:00").Expect(500).Fault("computeFault", novatest.Unexpected("ValueError"))
	s.As("admin").Do("GET /os-simple-tenant-usage?start=yesterday").Expect(400).Fault("badRequest", "Invalid datetime string: Datetime is in invalid format")
}

func TestUsageAudit(t *testing.T) {
	t.Parallel()
	s := novatest.New(t, novatest.Conf("[DEFAULT]\ninstance_usage_audit_period = day@3"))
	s.Exec("cell1", `INSERT INTO task_log (task_name, state, host, period_beginning, period_ending, message, task_items, errors, deleted)
		VALUES ('instance_usage_audit', 'DONE', 'h1', '2026-05-01 03:00:00.000000', '2026-05-02 03:00:00.000000', 'ok', 4, 1, 0)`)
	s.As("admin").Do("GET /os-instance_usage_audit_log/2026-05-02%2012:00:00").Expect(200).Has(`{"instance_usage_audit_log": {"period_beginning": "2026-05-01 03:00:00",
		"period_ending": "2026-05-02 03:00:00", "num_hosts_done": 1, "total_instances": 4, "total_errors": 1, "log": {"h1": {"state": "DONE", "instances": 4, "errors": 1, "message": "ok"}}}}`)
	s.As("admin").Do("GET /os-instance_usage_audit_log/2026-05-02").Expect(400).Fault("badRequest", "Invalid timestamp for date 2026-05-02")
	s.As("demo").Do("GET /os-instance_usage_audit_log").Expect(403)
}

// TestUsageTimesAsPython compares the times that the usage API reads with what Python's strptime
// returned for the same text.
func TestUsageTimesAsPython(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	s.Server(novatest.VM{})
	s.Exec("cell1", "UPDATE instances SET launched_at = '2016-01-01 00:00:00.000000', terminated_at = NULL")
	pytables.Each(t, "stamp", func(t *testing.T, in string, want any) {
		read, _ := want.(string)
		t.Run(strconv.Quote(in), func(t *testing.T) {
			r := s.In(t).As("demo").Do("GET /os-simple-tenant-usage/" + novatest.NameID("project", "demo") + "?start=" + url.QueryEscape(in))
			switch {
			case !utf8.ValidString(in): // a lone surrogate
				r.Expect(400).Fault("badRequest", "Query string is not UTF-8 encoded")
			case want == nil:
				r.Expect(400).Fault("badRequest", "Invalid datetime string: Datetime is in invalid format")
			case read < "1000":
				r.Expect(500).Fault("computeFault", novatest.Unexpected("ValueError"))
			case read > time.Now().UTC().Format(time.RFC3339):
				r.Expect(400).Fault("badRequest", "Invalid start time. The start time cannot occur after the end time.")
			default:
				r.Expect(200).Has(`{"tenant_usage": {"start": "` + read + `"}}`)
			}
		})
	})
}

// TestAuditTimesAsPython does the same for the API of the usage audit.
func TestAuditTimesAsPython(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	pytables.Each(t, "audit", func(t *testing.T, in string, want any) {
		if in == "" || strings.ContainsAny(in, "/\x00") || want != nil && want.(string) < "1902" {
			return // another path, or a time that has no period before it
		}
		t.Run(strconv.Quote(in), func(t *testing.T) {
			r := s.In(t).As("admin").Do("GET /os-instance_usage_audit_log/" + url.PathEscape(in))
			if want == nil {
				r.Expect(400).Fault("badRequest", "Invalid timestamp for date *")
				return
			}
			r.Expect(200)
		})
	})
}
