package compute_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/nova-go/nova/internal/novatest"
	"github.com/nova-go/nova/internal/novatest/testproc"
	"github.com/nova-go/nova/internal/release"
)

// as returns the option with which a stack serves as a release.
func as(r release.Release) novatest.Option { return novatest.Conf("[wsgi]\nrelease = " + r.ID) }

// TestMicroversionsOfReleases: each release advertises and takes its own microversions.
func TestMicroversionsOfReleases(t *testing.T) {
	t.Parallel()
	for _, r := range release.All() {
		t.Run(r.ID, func(t *testing.T) {
			t.Parallel()
			s := novatest.New(t, as(r))
			newest := fmt.Sprintf("2.%d", r.Microversion)
			s.As("none").At("").Do("GET /v2.1/").Expect(200).Has(`{"version": {"version": "` + newest + `"}}`)
			demo := s.As("demo")
			demo.MV("latest").Do("GET /flavors").Expect(200).HasHeader("OpenStack-API-Version", "compute "+newest)
			later := fmt.Sprintf("2.%d", r.Microversion+1)
			demo.MV(later).Do("GET /flavors").Expect(406).Fault("computeFault", "Version "+later+" is not supported by the API. Minimum is 2.1 and maximum is "+newest+".")
			shares := demo.MV("latest").Do("GET /servers/" + s.Server(novatest.VM{}).UUID + "/shares")
			if r.Has(release.SharePolicies) != (shares.Status == 200) {
				t.Errorf("shares are answered with %d", shares.Status)
			}
			if got := s.Value("cell1", "SELECT version FROM services WHERE host = 'dev'"); got != fmt.Sprint(r.Service) {
				t.Errorf("its row has the version %s, want %d", got, r.Service)
			}
		})
	}
}

// TestAttachVolumeOfReleases: before 2026.1 the API asks the host for a device, and attaches the volume itself.
func TestAttachVolumeOfReleases(t *testing.T) {
	t.Parallel()
	for _, r := range release.All() {
		t.Run(r.ID, func(t *testing.T) {
			t.Parallel()
			s := novatest.New(t, as(r), novatest.WithCompute())
			vm, id := s.Server(novatest.VM{}).UUID, s.Volume()
			sent := s.Messages(func() {
				s.As("demo").MV("2.79").Do("POST /servers/"+vm+"/os-volume_attachments", `{"volumeAttachment": {"volumeId": "`+id+`", "delete_on_termination": true}}`).
					Expect(200).Has(`{"volumeAttachment": {"device": "/dev/vdb", "delete_on_termination": true}}`)
			})
			var methods []string
			for _, m := range sent.All {
				methods = append(methods, m.Target.Topic+" "+m.Method+" "+m.Target.Version)
			}
			want := []string{"conductor attach_volume 1.26"}
			if !r.Has(release.ConductorAttachesVolumes) {
				want = []string{"compute reserve_block_device_name 6.0", "compute attach_volume 6.0"}
			}
			if !slices.Equal(methods, want) {
				t.Errorf("it sent %q, want %q", methods, want)
			}
			s.Settle()
			if got := s.Value("cell1", "SELECT COUNT(*) FROM block_device_mapping WHERE volume_id = ? AND deleted = 0 AND attachment_id IS NOT NULL AND "+
				"delete_on_termination = 1 AND connection_info IS NOT NULL", id); got != "1" {
				t.Errorf("the volume has no device: %s", got)
			}
			if got := s.Value("cell1", "SELECT COUNT(*) FROM instance_actions WHERE instance_uuid = ? AND action = 'attach_volume'", vm); got != "1" {
				t.Errorf("%s actions attach_volume", got)
			}
		})
	}
}

// TestMovingToAnotherRelease: while conductors are replaced one by one, the API moves with the last of them, without a restart;
// requests are answered all the time.
func TestMovingToAnotherRelease(t *testing.T) {
	t.Parallel()
	s := novatest.New(t, novatest.Conf("[DEFAULT]\nreport_interval = 1\nservice_down_time = 60"), novatest.Before(func(s *novatest.Stack) {
		s.Service("ctl1", "nova-conductor", 72)
		s.Service("ctl2", "nova-conductor", 72)
	}))
	version := func() string { return s.As("none").At("").Do("GET /v2.1/").Expect(200).At("version", "version") }
	row := func() string {
		return s.Value("cell1", "SELECT version FROM services WHERE host = 'dev'")
	}
	moves := func(host string, service int64, want string) {
		t.Helper()
		s.Exec("cell1", "UPDATE services SET version = ? WHERE host = ?", service, host)
		testproc.Eventually(t, "the API serves "+want, func() bool { return version() == want })
	}
	if version() != "2.103" || row() != "72" {
		t.Errorf("it begins with %s and a row of version %s", version(), row())
	}
	s.Exec("cell1", "UPDATE services SET version = 74 WHERE host = 'ctl1'")
	moves("ctl2", 74, "2.104")
	testproc.Eventually(t, "the row has moved", func() bool { return row() == "74" })
	moves("ctl1", 68, "2.100") // one swapped back counts at once
	moves("ctl1", 74, "2.104")
	s.Exec("cell1", "UPDATE services SET version = 76 WHERE host LIKE 'ctl%'")
	testproc.Eventually(t, "the log says that they are too new", func() bool { return strings.Contains(s.Log(), "Still serving as Nova 34.0.0") })
	if version() != "2.104" {
		t.Errorf("beside newer conductors it serves %s", version())
	}
}

// TestFormerNamesOfOptions: before 2025.2 the options of [api] may have their former names in [DEFAULT].
func TestFormerNamesOfOptions(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]string{"2025.1": "m1.tiny", "2025.2": "m1.tiny m1.small m1.medium m1.large m1.nano m1.micro"} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			s := novatest.New(t, novatest.Conf("[DEFAULT]\nosapi_max_limit = 1\n[wsgi]\nrelease = "+id))
			if got := s.As("demo").Do("GET /flavors").Expect(200).Names("flavors"); got != want {
				t.Errorf("max_limit lists %s, want %s", got, want)
			}
		})
	}
}
