package servers_test

import (
	"strings"
	"testing"

	"github.com/nova-go/nova/internal/novatest"
)

// TestActionsRead: what Nova makes of values in the bodies of actions that are not of the
// type that they should be, as the schemas let them through.
func TestActionsRead(t *testing.T) {
	t.Parallel()
	s := novatest.New(t, novatest.WithTraits(t))
	s.ComputeHost("compute-1")
	s.Exec("cell1", "UPDATE compute_nodes SET hypervisor_hostname = host")
	answer(t, s, "output", nil)
	const (
		image = `"imageRef": "` + novatest.Image + `"`
		twice = "When resizing, instances must change flavor!"
	)
	for _, c := range []struct {
		name, role, version, body string
		status                    int
		want                      string // the last message, or a part of the answer
	}{
		{"rotation with a fraction", "demo", "2.45", `{"createBackup": {"name": "b\n", "backup_type": "daily", "rotation": 1.0}}`, 202, "cast compute.compute-1 backup_instance * rotation=1"},
		{"rotation with a line feed", "demo", "2.45", `{"createBackup": {"name": "b", "backup_type": "daily", "rotation": "01\n"}}`, 202, "cast compute.compute-1 backup_instance * rotation=1"},
		{"rotation of a line feed", "demo", "2.45", `{"createBackup": {"name": "b", "backup_type": "daily", "rotation": "\n"}}`, 400, `'\\n' is not an integer`},
		{"length with a fraction", "demo", "2.1", `{"os-getConsoleOutput": {"length": 10.0}}`, 200, "call compute.compute-1 get_console_output * tail_length=10.0"},
		{"length with a line feed", "demo", "2.1", `{"os-getConsoleOutput": {"length": "10\n"}}`, 200, "call compute.compute-1 get_console_output * tail_length=10\n"},
		{"length null", "demo", "2.1", `{"os-getConsoleOutput": {"length": null}}`, 200, "call compute.compute-1 get_console_output * tail_length=null"},
		{"network as a number", "demo", "2.1", `{"addFixedIp": {"networkId": 1.0}}`, 202, "cast compute.compute-1 add_fixed_ip_to_instance * network_id=1.0"},
		{"network as text", "demo", "2.1", `{"addFixedIp": {"networkId": "1"}}`, 202, "cast compute.compute-1 add_fixed_ip_to_instance * network_id=1"},

		{"flavor with a fraction", "demo", "2.1", `{"resize": {"flavorRef": 2.0}}`, 400, "Flavor 2.0 could not be found."},
		{"flavor with a line feed", "demo", "2.1", `{"resize": {"flavorRef": "2\n"}}`, 400, `Flavor 2\n could not be found.`},
		{"flavor as a URL", "demo", "2.1", `{"resize": {"flavorRef": "http://cloud/flavors/2"}}`, 400, "Flavor http://cloud/flavors/2 could not be found."},
		{"flavor as a number", "demo", "2.1", `{"resize": {"flavorRef": 1}}`, 400, twice},

		{"image as a URN", "demo", "2.1", `{"rebuild": {"imageRef": "urn:uuid:` + novatest.Image + `"}}`, 400, "Cannot find image for rebuild"},
		{"image as a URL", "demo", "2.1", `{"rebuild": {"imageRef": "http://cloud/` + novatest.Image + `"}}`, 400, "is not a 'uuid'"},
		{"rescue image as a URL", "demo", "2.1", `{"rescue": {"rescue_image_ref": "http://cloud/` + novatest.Image + `"}}`, 400, "is not a 'uuid'"},
		{"word for true", "demo", "2.1", `{"rebuild": {` + image + `, "preserve_ephemeral": "YES"}}`, 202, "cast conductor rebuild_instance * preserve_ephemeral=true *"},
		{"word for false", "demo", "2.1", `{"rebuild": {` + image + `, "preserve_ephemeral": "Off"}}`, 202, "cast conductor rebuild_instance * preserve_ephemeral=false *"},
		{"live migration by words", "admin", "2.34", `{"os-migrateLive": {"host": null, "block_migration": "No", "force": "OFF"}}`, 202, "cast conductor live_migrate_instance * block_migration=false disk_over_commit=null *"},
		{"live migration of the host's choice", "admin", "2.34", `{"os-migrateLive": {"host": null, "block_migration": "auto"}}`, 202, "cast conductor live_migrate_instance * block_migration=null disk_over_commit=null *"},
		{"live migration forced by a word", "admin", "2.34", `{"os-migrateLive": {"host": null, "block_migration": true, "force": "ON"}}`, 400, "Can't force to a non-provided destination"},
		{"rescue null", "demo", "2.1", `{"rescue": null}`, 200, "cast compute.compute-1 rescue_instance * rescue_image_ref=null rescue_password=*"},

		// What is not read yet may be anything.
		{"lock", "demo", "2.72", `{"lock": "x"}`, 202, ""},
		{"lock with a reason", "demo", "2.72", `{"lock": {"locked_reason": ["x"]}}`, 202, ""},
		{"lock null", "demo", "2.73", `{"lock": null}`, 202, ""},
		{"unshelve", "demo", "2.76", `{"unshelve": [1]}`, 409, "Cannot 'unshelve' instance"},
		{"migrate", "admin", "2.55", `{"migrate": "x"}`, 202, "cast conductor migrate_server *"},
		{"migrate null", "admin", "2.56", `{"migrate": null}`, 202, "cast conductor migrate_server *"},
		{"no host", "admin", "2.56", `{"migrate": {"host": null}}`, 202, "cast conductor migrate_server *"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := s.In(t)
			vm := s.Server(novatest.VM{SystemMetadata: map[string]string{"image_min_ram": "0"}})
			var r *novatest.Response
			m := s.Messages(func() { r = s.As(c.role).MV(c.version).Do(vm.Action(), c.body).Expect(c.status) })
			switch last := len(m.Lines) - 1; {
			case c.status >= 400:
				if !strings.Contains(string(r.Body), c.want) {
					t.Errorf("the answer is %s, want %q in it", r.Body, c.want)
				}
			case c.want != "" && (last < 0 || !novatest.Glob(c.want, m.Lines[last])):
				t.Errorf("sent were %q, want at last %q", m.Lines, c.want)
			}
		})
	}
}

// TestUncheckedMembers: /v2 does not check an object all of whose members its schema does
// not know, and Nova's objects make text of what is none.
func TestUncheckedMembers(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	vm := s.Server(novatest.VM{})
	s.Changes(func() {
		s.As("demo").At("/v2").Do("PUT /servers/"+vm.UUID, `{"server": {"description": 5}}`).Expect(200)
	}).
		Expect(`cell1 UPDATE instances id=1 updated_at=*→now display_description=NULL→5`)
	s.As("demo").At("/v2").Do("POST /servers", `{"server": {"name": "x", "flavorRef": "1", "imageRef": "`+novatest.Image+`", "networks": [{"tag": 5}]}}`).Expect(400).
		Fault("badRequest", "Bad network format: missing 'uuid'")
}
