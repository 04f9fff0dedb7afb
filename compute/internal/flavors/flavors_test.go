package flavors_test

import (
	"testing"

	"github.com/nova-go/nova/internal/novatest"
)

func TestFlavorOverItsLife(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	admin := s.As("admin").MV("2.61")
	s.Changes(func() {
		admin.Do("POST /flavors", `{"flavor": {"name": "x", "id": "x1", "ram": 64, "vcpus": 1, "disk": 2, "description": "small"}}`).Expect(200).
			JSON(`{"flavor": {"id": "x1", "name": "x", "ram": 64, "vcpus": 1, "disk": 2, "swap": "", "OS-FLV-EXT-DATA:ephemeral": 0, "OS-FLV-DISABLED:disabled": false,
				"rxtx_factor": 1.0, "os-flavor-access:is_public": true, "description": "small", "extra_specs": {}, "links": ["*", "*"]}}`)
	}).Expect("api INSERT flavors id=7 created_at=now name=x memory_mb=64 vcpus=1 swap=0 flavorid=x1 rxtx_factor=1 root_gb=2 ephemeral_gb=0 disabled=0 is_public=1 description=small")

	s.Changes(func() {
		admin.Do("PUT /flavors/x1", `{"flavor": {"description": null}}`).Expect(200).Has(`{"flavor": {"description": null}}`)
	}).Expect("api UPDATE flavors id=7 updated_at=NULL→now description=small→NULL")

	s.Changes(func() {
		admin.Do("POST /flavors/x1/os-extra_specs", `{"extra_specs": {"hw:cpu_policy": "dedicated", "b": "1"}}`).Expect(200).
			JSON(`{"extra_specs": {"hw:cpu_policy": "dedicated", "b": "1"}}`)
	}).Expect("api INSERT flavor_extra_specs id=1 created_at=now flavor_id=7 key=* value=*", "api INSERT flavor_extra_specs id=2 created_at=now flavor_id=7 key=* value=*")

	s.Changes(func() {
		admin.Do("PUT /flavors/x1/os-extra_specs/b", `{"b": "2"}`).Expect(200).JSON(`{"b": "2"}`)
	}).Expect("api UPDATE flavor_extra_specs id=* updated_at=NULL→now value=1→2")

	s.Changes(func() {
		admin.Do("DELETE /flavors/x1/os-extra_specs/b").Expect(200)
	}).Expect("api DELETE flavor_extra_specs id=*")

	s.Changes(func() {
		admin.Do("DELETE /flavors/x1").Expect(202)
	}).Expect("api DELETE flavor_extra_specs id=*", "api DELETE flavors id=7")
	admin.Do("GET /flavors/x1").Expect(404).Fault("itemNotFound", "Flavor x1 could not be found.")
	s.Changes(func() { admin.Do("DELETE /flavors/x1").Expect(404) }).Expect()
}

// TestFlavorByMicroversion asks for one flavor as the versions show it.
func TestFlavorByMicroversion(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	s.As("admin").Do("POST /flavors/1/os-extra_specs", `{"extra_specs": {"a": "b"}}`).Expect(200)
	base := `"id": "1", "name": "m1.tiny", "ram": 512, "vcpus": 1, "disk": 1, "OS-FLV-EXT-DATA:ephemeral": 0, "os-flavor-access:is_public": true, "links": ["*", "*"], `
	for _, c := range []struct{ version, rest string }{
		{"2.1", `"swap": "", "rxtx_factor": 1.0, "OS-FLV-DISABLED:disabled": false`},
		{"2.54", `"swap": "", "rxtx_factor": 1.0, "OS-FLV-DISABLED:disabled": false`},
		{"2.55", `"swap": "", "rxtx_factor": 1.0, "OS-FLV-DISABLED:disabled": false, "description": null`},
		{"2.61", `"swap": "", "rxtx_factor": 1.0, "OS-FLV-DISABLED:disabled": false, "description": null, "extra_specs": {"a": "b"}`},
		{"2.75", `"swap": 0, "rxtx_factor": 1.0, "OS-FLV-DISABLED:disabled": false, "description": null, "extra_specs": {"a": "b"}`},
		{"2.102", `"swap": 0, "description": null, "extra_specs": {"a": "b"}`},
	} {
		t.Run(c.version, func(t *testing.T) {
			want := "{" + base + c.rest + "}"
			demo := s.In(t).As("demo").MV(c.version)
			demo.Do("GET /flavors/1").Expect(200).JSON(`{"flavor": ` + want + `}`)
			demo.Do("GET /flavors/detail?limit=1&minDisk=1").Expect(200).JSON(`{"flavors": [` + want + `], "flavors_links": ["*"]}`)
		})
	}
}

func TestFlavorsThatAreRefused(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	for _, c := range []struct {
		name, role, version, request, body string
		status                             int
		kind, message                      string
	}{
		{"name taken", "admin", "2.1", "POST /flavors", `{"flavor": {"name": "m1.tiny", "ram": 1, "vcpus": 1, "disk": 1}}`, 409, "conflictingRequest", "Flavor with name m1.tiny already exists."},
		{"id taken", "admin", "2.1", "POST /flavors", `{"flavor": {"name": "y", "id": "1", "ram": 1, "vcpus": 1, "disk": 1}}`, 409, "conflictingRequest", "Flavor with ID 1 already exists."},
		{"no memory", "admin", "2.1", "POST /flavors", `{"flavor": {"name": "y", "ram": 0, "vcpus": 1, "disk": 1}}`, 400, "badRequest", "Invalid input for field/attribute ram. Value: 0. 0 is less than the minimum of 1"},
		{"description too early", "admin", "2.54", "POST /flavors", `{"flavor": {"name": "y", "ram": 1, "vcpus": 1, "disk": 1, "description": "x"}}`, 400, "badRequest", "*Additional properties are not allowed ('description' was unexpected)*"},
		{"rxtx_factor too late", "admin", "2.102", "POST /flavors", `{"flavor": {"name": "y", "ram": 1, "vcpus": 1, "disk": 1, "rxtx_factor": 2}}`, 400, "badRequest", "*Additional properties are not allowed ('rxtx_factor' was unexpected)*"},
		{"member", "demo", "2.1", "POST /flavors", `{"flavor": {"name": "y", "ram": 1, "vcpus": 1, "disk": 1}}`, 403, "forbidden", "Policy doesn't allow os_compute_api:os-flavor-manage:create to be performed."},
		{"member deletes", "demo", "2.1", "DELETE /flavors/1", ``, 403, "forbidden", "Policy doesn't allow os_compute_api:os-flavor-manage:delete to be performed."},
		{"bad extra spec", "admin", "2.86", "POST /flavors/1/os-extra_specs", `{"extra_specs": {"hw:cpu_policy": "x"}}`, 400, "badRequest", "*"},
		{"access to a public one", "admin", "2.7", "POST /flavors/1/action", `{"addTenantAccess": {"tenant": "` + novatest.NameID("project", "demo") + `"}}`, 409, "conflictingRequest", "*"},
		{"unknown filter", "demo", "2.75", "GET /flavors?colour=red", ``, 400, "badRequest", "Additional properties are not allowed ('colour' was unexpected)*"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := s.In(t)
			s.Changes(func() {
				client := s.As(c.role).MV(c.version)
				r := client.Do(c.request)
				if c.body != "" {
					r = client.Do(c.request, c.body)
				}
				r.Expect(c.status).Fault(c.kind, c.message)
			}).Expect()
		})
	}
}

func TestPrivateFlavors(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	admin, demo, reader := s.As("admin").MV("2.7"), s.As("demo"), s.As("reader")
	project := novatest.NameID("project", "demo")
	admin.Do("POST /flavors", `{"flavor": {"name": "secret", "id": "s", "ram": 1, "vcpus": 1, "disk": 1, "os-flavor-access:is_public": false}}`).Expect(200)
	demo.Do("GET /flavors/s").Expect(404)
	admin.Do("GET /flavors/s/os-flavor-access").Expect(200).JSON(`{"flavor_access": []}`)
	s.Changes(func() {
		admin.Do("POST /flavors/s/action", `{"addTenantAccess": {"tenant": "`+project+`"}}`).Expect(200).
			JSON(`{"flavor_access": [{"flavor_id": "s", "tenant_id": "` + project + `"}]}`)
	}).Expect("api INSERT flavor_projects id=1 created_at=now flavor_id=7 project_id=" + project)
	admin.Do("POST /flavors/s/action", `{"addTenantAccess": {"tenant": "`+project+`"}}`).Expect(409)
	reader.Do("GET /flavors/s").Expect(200)
	s.Changes(func() {
		admin.Do("POST /flavors/s/action", `{"removeTenantAccess": {"tenant": "`+project+`"}}`).Expect(200).JSON(`{"flavor_access": []}`)
	}).Expect("api DELETE flavor_projects id=1")
	demo.Do("GET /flavors/s").Expect(404)
	admin.Do("GET /flavors/1/os-flavor-access").Expect(404)
}

func TestFlavorFilters(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	s.As("admin").Do("POST /flavors", `{"flavor": {"name": "hidden", "id": "h", "ram": 1, "vcpus": 1, "disk": 0, "os-flavor-access:is_public": false}}`).Expect(200)
	for _, c := range []struct{ role, query, names string }{
		{"demo", "", "m1.tiny m1.small m1.medium m1.large m1.nano m1.micro"},
		{"demo", "?is_public=none", "m1.tiny m1.small m1.medium m1.large m1.nano m1.micro"},
		{"admin", "?is_public=false", "hidden"},
		{"admin", "?is_public=none&sort_key=ram", ""},
		{"admin", "?is_public=none&sort_key=memory_mb&limit=2", "hidden m1.nano"},
		{"demo", "?minRam=2048", "m1.small m1.medium m1.large"},
		{"demo", "?minRam=2048&sort_dir=desc", "m1.large m1.medium m1.small"},
		{"demo", "?minDisk=40&sort_key=name", "m1.large m1.medium"},
	} {
		t.Run(c.role+c.query, func(t *testing.T) {
			client := s.In(t).As(c.role)
			if c.names == "" {
				client.Do("GET /flavors" + c.query).Expect(400)
				return
			}
			if got := client.Do("GET /flavors" + c.query).Expect(200).Names("flavors"); got != c.names {
				t.Errorf("got %s, want %s", got, c.names)
			}
		})
	}
	s.As("demo").Do("GET /flavors?minRam=x").Expect(400).Fault("badRequest", "Invalid minRam filter [x]")
	s.As("admin").Do("GET /flavors?is_public=x").Expect(400).Fault("badRequest", "Invalid is_public filter [x]")
}

// A marker that is given and empty names no flavor; of servers it is no marker.
func TestOddQueries(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	demo := s.As("demo")
	demo.Do("GET /flavors?marker=", nil).Expect(400).Fault("badRequest", "marker [] not found")
	demo.Do("GET /servers?marker=", nil).Expect(200)
	demo.Do("GET /flavors?minRam=999999999999999999999999999999", nil).Expect(200).JSON(`{"flavors": []}`)
	s.As("admin").Do("GET /servers?all_tenants=host", nil).Expect(400).
		Fault("badRequest", "Unrecognized value 'host', acceptable values are: '0', '1', 'f', 'false', 'n', 'no', 'off', 'on', 't', 'true', 'y', 'yes'")
}
