package servers_test

import (
	"testing"
	"time"

	"github.com/nova-go/nova/internal/novatest"
)

func TestServerByMicroversion(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	s.Service("compute-1", "nova-compute")
	vm := s.Server(novatest.VM{Name: "web", Addresses: []string{"10.0.0.7", "fd00::7"}, Tags: []string{"blue", "new"}, Metadata: map[string]string{"role": "www"},
		SystemMetadata: map[string]string{"locked_reason": "busy"}, Volumes: []string{"0b6f3a52-0e38-4c0d-9a55-4a3a1a5b6f60"}, LockedBy: "owner", KeyName: "key",
		Description: "the web", PinnedZone: "nova", Hints: map[string]any{"group": "g"}, TrustedCerts: []string{"c1"}})
	first := `{"id": "` + vm.UUID + `", "name": "web", "status": "ACTIVE", "tenant_id": "` + novatest.NameID("project", "demo") + `", "user_id": "` + novatest.NameID("user", "demo") + `",
		"accessIPv4": "", "accessIPv6": "", "created": "2026-05-01T12:01:00Z", "updated": "2026-05-01T12:01:30Z", "progress": 0, "metadata": {"role": "www"}, "hostId": "*",
		"flavor": {"id": "1"}, "image": {"id": "70a599e0-31e7-49b7-b260-868f441e862b", "links": [{"rel": "bookmark"}]}, "key_name": "key", "config_drive": "",
		"OS-DCF:diskConfig": "AUTO", "OS-EXT-AZ:availability_zone": "nova", "OS-SRV-USG:launched_at": "2026-05-01T12:01:20.000000", "OS-SRV-USG:terminated_at": null,
		"OS-EXT-STS:task_state": null, "OS-EXT-STS:vm_state": "active", "OS-EXT-STS:power_state": 1,
		"addresses": {"private": [{"addr": "10.0.0.7", "version": 4, "OS-EXT-IPS:type": "fixed", "OS-EXT-IPS-MAC:mac_addr": "fa:16:3e:4c:2c:30"}, {"addr": "fd00::7", "version": 6}]}}`
	for _, c := range []struct{ role, version, has string }{
		{"demo", "2.1", first},
		{"admin", "2.1", `{"OS-EXT-SRV-ATTR:host": "compute-1", "OS-EXT-SRV-ATTR:instance_name": "instance-00000001", "OS-EXT-SRV-ATTR:hypervisor_hostname": "compute-1"}`},
		{"admin", "2.3", `{"OS-EXT-SRV-ATTR:hostname": "web", "OS-EXT-SRV-ATTR:reservation_id": "r-*", "OS-EXT-SRV-ATTR:launch_index": 0, "os-extended-volumes:volumes_attached": [{"delete_on_termination": false}]}`},
		{"demo", "2.9", `{"locked": true}`},
		{"admin", "2.16", `{"host_status": "UP"}`},
		{"demo", "2.19", `{"description": "the web"}`},
		{"demo", "2.26", `{"tags": ["blue", "new"]}`},
		{"demo", "2.47", `{"flavor": {"original_name": "m1.tiny", "vcpus": 1, "ram": 512, "disk": 1, "ephemeral": 0, "swap": 0, "extra_specs": {"hw:cpu_policy": "shared"}}}`},
		{"demo", "2.63", `{"trusted_image_certificates": ["c1"]}`},
		{"demo", "2.71", `{"server_groups": []}`},
		{"demo", "2.73", `{"locked_reason": "busy"}`},
		{"demo", "2.90", `{"OS-EXT-SRV-ATTR:hostname": "web"}`},
		{"demo", "2.96", `{"pinned_availability_zone": "nova"}`},
		{"demo", "2.98", `{"image": {"properties": {}}}`},
		{"demo", "2.100", `{"scheduler_hints": {"group": "g"}}`},
	} {
		t.Run(c.role+" "+c.version, func(t *testing.T) {
			client := s.In(t).As(c.role).MV(c.version)
			client.Do("GET /servers/" + vm.UUID).Expect(200).Has(`{"server": ` + c.has + `}`)
			if c.version != "2.71" { // the groups are shown of a single server alone
				client.Do("GET /servers/detail?all_tenants=" + map[string]string{"admin": "1", "demo": "0"}[c.role]).Expect(200).Has(`{"servers": [` + c.has + `]}`)
			}
		})
	}
	s.As("demo").Do("GET /servers").Expect(200).JSON(`{"servers": [{"id": "` + vm.UUID + `", "name": "web", "links": ["*", "*"]}]}`)
}

func TestServersOfOthers(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	other := s.Server(novatest.VM{Name: "other", Project: "elsewhere", User: "someone"})
	mine := s.Server(novatest.VM{Name: "mine"})
	gone := s.Server(novatest.VM{Name: "gone", Deleted: true})
	notFound := func(id string) string { return "Instance " + id + " could not be found." }
	for _, role := range []string{"demo", "reader"} {
		c := s.As(role).MV("2.78")
		c.Do("GET /servers/" + mine.UUID).Expect(200)
		for _, path := range []string{"", "/metadata", "/ips", "/tags", "/os-instance-actions", "/os-volume_attachments", "/topology"} {
			t.Run(role+path, func(t *testing.T) {
				if path == "/tags" { // whose rule is asked before the server is looked for
					c.In(t).Do("GET /servers/" + other.UUID + path).Expect(403)
					return
				}
				c.In(t).Do("GET /servers/"+other.UUID+path).Expect(404).Fault("itemNotFound", notFound(other.UUID))
			})
		}
		if got := c.Do("GET /servers").Expect(200).Names("servers"); got != "mine" {
			t.Errorf("%s sees %s", role, got)
		}
		c.Do("GET /servers?all_tenants=1").Expect(403).Fault("forbidden", "Policy doesn't allow os_compute_api:servers:index:get_all_tenants to be performed.")
		c.Do("GET /servers/detail?all_tenants=1").Expect(403).Fault("forbidden", "Policy doesn't allow os_compute_api:servers:detail:get_all_tenants to be performed.")
		c.Do("GET /servers/"+gone.UUID).Expect(404).Fault("itemNotFound", notFound(gone.UUID))
		c.Do("GET /servers?status=deleted").Expect(403)
	}
	admin := s.As("admin")
	admin.Do("GET /servers/" + other.UUID).Expect(200).Has(`{"server": {"OS-EXT-SRV-ATTR:host": "compute-1"}}`)
	for query, names := range map[string]string{
		"":                              "",
		"?all_tenants=1":                "mine other",
		"?all_tenants=1&deleted=1":      "gone",
		"?all_tenants=1&status=deleted": "gone",
		"?all_tenants&tenant_id=" + novatest.NameID("project", "elsewhere"): "other",
	} {
		if got := admin.Do("GET /servers" + query).Expect(200).Names("servers"); got != names {
			t.Errorf("%q lists %q, want %q", query, got, names)
		}
	}
	s.As("none").Do("GET /servers/"+mine.UUID).Expect(401).HasHeader("WWW-Authenticate", "Keystone uri=*")
	admin.Do("GET /servers/no-uuid").Expect(404).Fault("itemNotFound", notFound("no-uuid"))
}

func TestServersThatAreFiltered(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	at := func(day int) time.Time { return time.Date(2026, 6, day, 0, 0, 0, 0, time.UTC) }
	s.Server(novatest.VM{Name: "a1", Tags: []string{"x", "y"}, Created: at(1), Updated: at(2), Zone: "one"})
	s.Server(novatest.VM{Name: "a2", Tags: []string{"x"}, Created: at(2), Updated: at(9), Flavor: "2", KeyName: "k", LockedBy: "owner"})
	s.Server(novatest.VM{Name: "b1", Created: at(3), Updated: at(3), VMState: "stopped", PowerState: 4, Image: "-"})
	s.Server(novatest.VM{Name: "b2", Created: at(4), Updated: at(4), VMState: "error", Host: "-", Cell: "cell0", Fault: "No valid host was found."})
	s.Server(novatest.VM{Name: "b3", Created: at(5), Updated: at(5), TaskState: "rebooting", UserData: "ZGF0YQ=="})
	s.Server(novatest.VM{Name: "c", Created: at(6), Updated: at(7), Deleted: true})
	for _, c := range []struct{ role, version, query, names string }{
		{"demo", "2.1", "", "b3 b2 b1 a2 a1"},
		{"demo", "2.1", "?name=a", "a2 a1"},
		{"demo", "2.1", "?name=^.2$", "b2 a2"},
		{"demo", "2.1", "?status=active", "b3 a2 a1"}, // whatever its task
		{"demo", "2.1", "?status=ACTIVE&status=shutoff", "b3 b1 a2 a1"},
		{"demo", "2.1", "?status=reboot", "b3"},
		{"demo", "2.1", "?status=error", "b2"},
		{"demo", "2.1", "?status=nonsense", ""},
		{"demo", "2.1", "?flavor=2", "a2"},
		{"demo", "2.1", "?flavor=none", ""},
		{"demo", "2.1", "?image=70a599e0-31e7-49b7-b260-868f441e862b", "b3 b2 a2 a1"},
		{"demo", "2.1", "?changes-since=2026-06-04T00:00:00Z", "c b3 b2 a2"},
		{"demo", "2.66", "?changes-before=2026-06-04T00:00:00Z", "b2 b1 a1"},
		{"demo", "2.1", "?changes-since=0001-01-01T00:00:00%2B01:00", ""}, // before the first time of Python
		{"demo", "2.66", "?changes-before=9999-12-31T23:59:59-01:00", ""},
		{"demo", "2.66", "?changes-since=2026-06-03T00:00:00Z&changes-before=2026-06-05T00:00:00Z", "b3 b2 b1"},
		{"demo", "2.25", "?tags=x", "b3 b2 b1 a2 a1"}, // not yet a filter
		{"demo", "2.26", "?tags=x", "a2 a1"},
		{"demo", "2.26", "?tags=x,y", "a1"},
		{"demo", "2.26", "?tags-any=y,z", "a1"},
		{"demo", "2.26", "?not-tags=x,y", "b3 b2 b1 a2"},
		{"demo", "2.26", "?not-tags-any=x,y", "b3 b2 b1"},
		{"demo", "2.73", "?locked=true", "a2"},
		{"demo", "2.1", "?key_name=k", "b3 b2 b1 a2 a1"}, // not for everyone before 2.83
		{"demo", "2.83", "?key_name=k", "a2"},
		{"demo", "2.83", "?availability_zone=one", "a1"},
		{"demo", "2.83", "?power_state=4", "b1"},
		{"demo", "2.83", "?vm_state=stopped", "b1"},
		{"admin", "2.1", "?all_tenants=1&host=compute-1&name=b", "b3 b1"},
		{"demo", "2.1", "?limit=2", "b3 b2"},
		{"demo", "2.1", "?sort_key=display_name&sort_dir=asc", "a1 a2 b1 b2 b3"},
		{"demo", "2.1", "?sort_key=vm_state&sort_key=display_name&sort_dir=asc&sort_dir=desc", "b3 a2 a1 b2 b1"},
		{"demo", "2.1", "?sort_key=created_at&sort_dir=asc", "a1 a2 b1 b2 b3"},
	} {
		t.Run(c.role+" "+c.version+" "+c.query, func(t *testing.T) {
			client := s.In(t).As(c.role).MV(c.version)
			if got := client.Do("GET /servers" + c.query).Expect(200).Names("servers"); got != c.names {
				t.Errorf("lists %q, want %q", got, c.names)
			}
			if got := client.Do("GET /servers/detail" + c.query).Expect(200).Names("servers"); got != c.names {
				t.Errorf("details of %q, want %q", got, c.names)
			}
		})
	}
}

// A list says of a host what its first server says, and a deleted one says nothing.
func TestHostStatusInLists(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	s.Service("compute-1", "nova-compute")
	at := func(day int) time.Time { return time.Date(2026, 6, day, 0, 0, 0, 0, time.UTC) }
	s.Server(novatest.VM{Name: "there", Created: at(1), Updated: at(1)})
	s.Server(novatest.VM{Name: "gone", Created: at(2), Updated: at(2), Deleted: true})
	admin := s.As("admin").MV("2.16")
	admin.Do("GET /servers/detail?all_tenants=1").Expect(200).Has(`{"servers": [{"name": "there", "host_status": "UP"}]}`)
	admin.Do("GET /servers/detail?all_tenants=1&changes-since=2026-01-01T00:00:00Z").Expect(200).
		Has(`{"servers": [{"name": "gone", "host_status": ""}, {"name": "there", "host_status": ""}]}`)
}

func TestServerListsThatAreRefused(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	for _, c := range []struct {
		version, query string
		status         int
		message        string
	}{
		{"2.38", "?status=nonsense", 400, "Invalid status value"},
		{"2.1", "?changes-since=yesterday", 400, "*"},
		{"2.66", "?changes-since=2026-06-04T00:00:00Z&changes-before=2026-06-03T00:00:00Z", 400, "The value of changes-since must be less than or equal to changes-before."},
		{"2.1", "?sort_key=colour", 400, "*"},
		{"2.1", "?sort_key=host", 403, "Only administrators can sort servers by host"},
		{"2.1", "?sort_dir=up", 400, "*"},
		{"2.74", "?sort_dir=a&sort_dir=b&sort_dir=c", 400, "Invalid input received: Unknown sort direction, must be 'desc' or 'asc'"},
		{"2.74", "?sort_dir=asc&sort_dir=asc&sort_dir=asc", 400, "Invalid input received: Sort direction size exceeds sort key size"},
		{"2.1", "?limit=x", 400, "*"},
		{"2.1", "?marker=00000000-0000-0000-0000-000000000001", 400, "marker [00000000-0000-0000-0000-000000000001] not found"},
		{"2.73", "?locked=maybe", 400, "*"},
		{"2.75", "?colour=red", 400, "*"},
	} {
		t.Run(c.version+c.query, func(t *testing.T) {
			kind := map[int]string{400: "badRequest", 403: "forbidden"}[c.status]
			s.In(t).As("demo").MV(c.version).Do("GET /servers"+c.query).Expect(c.status).Fault(kind, c.message)
		})
	}
}

// TestDeletedWrongSort covers wrong directions in a list of deleted servers, which Nova answers with an empty list.
func TestDeletedWrongSort(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	s.Server(novatest.VM{Name: "gone", Deleted: true, VMState: "deleted"})
	admin := s.As("admin").MV("2.74")
	for query, want := range map[string]string{"": "gone", "&sort_dir=asc&sort_dir=asc&sort_dir=asc": "", "&sort_dir=a&sort_dir=b": ""} {
		if got := admin.Do("GET /servers?all_tenants=1&deleted=true" + query).Expect(200).Names("servers"); got != want {
			t.Errorf("%s: got %q", query, got)
		}
	}
	admin.Do("GET /servers?all_tenants=1&sort_dir=asc&sort_dir=asc&sort_dir=asc").Expect(400)
}

// TestServerPages walks over all servers of two cells, two at a time.
func TestServerPages(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	for n, name := range []string{"a", "b", "c", "d", "e"} {
		vm := novatest.VM{Name: name}
		if n%2 == 1 {
			vm.Cell, vm.VMState, vm.Host = "cell0", "error", "-"
		}
		s.Server(vm)
	}
	demo := s.As("demo")
	query, seen := "?limit=2&sort_key=display_name&sort_dir=asc", ""
	for page := range 3 {
		r := demo.Do("GET /servers" + query).Expect(200)
		seen += " " + r.Names("servers")
		if page < 2 {
			query = "?limit=2&sort_key=display_name&sort_dir=asc&marker=" + r.At("servers", "1", "id")
			if want := s.URL + "/v2.1/servers?limit=2&sort_dir=asc&sort_key=display_name&marker=" + r.At("servers", "1", "id"); len(r.At("servers_links", "0", "href")) != len(want) {
				t.Errorf("the next page is %s, want one like %s", r.At("servers_links", "0", "href"), want)
			}
		} else {
			r.JSON(`{"servers": ["*"]}`)
		}
	}
	if seen != " a b c d e" {
		t.Errorf("the pages are%s", seen)
	}
}

func TestFaultsAndBelow(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	vm := s.Server(novatest.VM{VMState: "error", Fault: "boom", Metadata: map[string]string{"k": "v"}, Addresses: []string{"10.0.0.7"}, Tags: []string{"t"}})
	fault := `{"server": {"status": "ERROR", "fault": {"code": 500, "message": "boom", "created": "*"}}}`
	s.As("demo").Do("GET /servers/" + vm.UUID).Expect(200).Has(fault)
	s.As("admin").Do("GET /servers/" + vm.UUID).Expect(200).Has(`{"server": {"fault": {"details": "Traceback of boom"}}}`)
	demo := s.As("demo").MV("2.26")
	below := "/servers/" + vm.UUID
	demo.Do("GET " + below + "/metadata").Expect(200).JSON(`{"metadata": {"k": "v"}}`)
	demo.Do("GET " + below + "/metadata/k").Expect(200).JSON(`{"meta": {"k": "v"}}`)
	demo.Do("GET "+below+"/metadata/none").Expect(404).Fault("itemNotFound", "Metadata item was not found")
	demo.Do("GET " + below + "/ips").Expect(200).JSON(`{"addresses": {"private": [{"version": 4, "addr": "10.0.0.7"}]}}`)
	demo.Do("GET " + below + "/ips/none").Expect(404)
	demo.Do("GET " + below + "/tags").Expect(200).JSON(`{"tags": ["t"]}`)
	demo.Do("GET " + below + "/tags/t").Expect(204)
	demo.Do("GET " + below + "/tags/none").Expect(404)
	demo.Do("GET " + below + "/os-instance-actions").Expect(200).JSON(`{"instanceActions": []}`)
	demo.MV("2.58").Do("GET "+below+"/os-instance-actions?marker=").Expect(400).Fault("badRequest", "Marker None could not be found.")
	demo.MV("2.1").Do("GET /os-console-auth-tokens/x").Expect(400) // before it is asked who may
}

// Dates in queries may lack what is small in them, as iso8601 reads them.
func TestPartialDates(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	s.Server(novatest.VM{Name: "web"})
	demo := s.As("demo").MV("2.66")
	for _, date := range []string{"2016", "2016-01", "2016-01-02", "2016-01-02T03", "2016-01-02T03:04", "2016-01-02T03:04:05Z"} {
		if got := demo.Do("GET /servers?changes-since=" + date).Expect(200).Names("servers"); got != "web" {
			t.Errorf("changed since %s are %q", date, got)
		}
		if got := demo.Do("GET /servers?changes-before=" + date).Expect(200).Names("servers"); got != "" {
			t.Errorf("changed before %s are %q", date, got)
		}
	}
	for _, date := range []string{"16", "2016-13", "2016-01-32", "today"} {
		demo.Do("GET /servers?changes-since=" + date).Expect(400)
	}
}
