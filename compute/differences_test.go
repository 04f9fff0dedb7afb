package compute_test

import (
	"strings"
	"testing"

	"github.com/nova-go/nova/internal/novatest"
	"github.com/nova-go/nova/internal/release"
)

// TestTextsOfReleases: statuses, texts and values that changed without a microversion.
func TestTextsOfReleases(t *testing.T) {
	t.Parallel()
	ironic := novatest.NewStandIn(t, map[string]string{"GET /v1/nodes/detail": `200 {"nodes": [{"uuid": "n1", "provision_state": "active", "properties": {"cpus": 8}}]}`})
	for _, r := range release.All() {
		t.Run(r.ID, func(t *testing.T) {
			t.Parallel()
			s := novatest.New(t, novatest.Conf("[wsgi]\nrelease = "+r.ID+"\n[ironic]\nauth_type = none\nendpoint_override = "+ironic.URL+
				"\n[cyborg]\nendpoint_override = http://127.0.0.1:1"))
			admin := s.As("admin")
			text := func(c release.Change, now, before string) string {
				if r.Has(c) {
					return now
				}
				return before
			}

			admin.Do("DELETE /os-baremetal-nodes/1").Expect(400).Fault("badRequest",
				text(release.BaremetalCommandText, "Command not", "Command Not")+" supported. Please use Ironic command node-delete to perform this action.")
			admin.Do("GET /os-baremetal-nodes").Expect(200).JSON(`{"nodes": [{"id": "n1", "interfaces": [], "host": "IRONIC MANAGED", "task_state": "active", "cpus": 8, ` +
				text(release.BaremetalDefaultTexts, `"memory_mb": "0", "disk_gb": "0"`, `"memory_mb": 0, "disk_gb": 0`) + `}]}`)

			vm := s.Server(novatest.VM{}).UUID
			volume := s.Volume()
			admin.Do("PUT /servers/"+vm+"/os-volume_attachments/"+volume, `{"volumeAttachment": {"volumeId": "`+s.Volume()+`"}}`).Expect(409).Fault("conflictingRequest",
				"volume "+volume+" is not migrating"+text(release.SwapVolumeText, "; this API", " this api")+" should only be called by Cinder")

			networks := admin.Do("PUT /os-quota-sets/"+novatest.NameID("project", "demo"), `{"quota_set": {"networks": 3}}`).Expect(400)
			if !r.Has(release.NetworksQuotaUnknown) {
				networks.Fault("badRequest", "The networks quota has been removed")
			}
			admin.Do("POST /flavors", `{"flavor": {"id": "fpga", "name": "fpga", "ram": 512, "vcpus": 1, "disk": 1}}`).Expect(200)
			admin.Do("POST /flavors/fpga/os-extra_specs", `{"extra_specs": {"accel:device_profile": "fpga"}}`).Expect(200)
			refused := admin.MV("2.37").Do("POST /servers", `{"server": {"name": "x", "flavorRef": "fpga", "imageRef": "`+novatest.Image+`", "networks": "none"}}`)
			if want := text(release.AcceleratorErrorText, "Could not communicate with Cyborg: ", "Could not communicate with Cyborg."); !strings.Contains(string(refused.Body), want) {
				t.Errorf("a failing Cyborg is answered with %s", refused.Body)
			}
			rdp := `{"remote_console": {"protocol": "rdp", "type": "novnc"}}`
			if status := s.As("demo").MV("latest").Do("POST /servers/"+vm+"/remote-consoles", rdp).Status; (status == 500) != (r.Major == 31) {
				t.Errorf("a console with the protocol rdp is answered with %d", status)
			}
		})
	}
}

// TestTPMOfReleases: before 2026.1 no server with a TPM is live migrated, and the secret security of its flavor means nothing.
func TestTPMOfReleases(t *testing.T) {
	t.Parallel()
	for _, r := range release.All() {
		t.Run(r.ID, func(t *testing.T) {
			t.Parallel()
			s := novatest.New(t, as(r))
			admin := s.As("admin")
			server := func() string {
				vm := s.Server(novatest.VM{SystemMetadata: map[string]string{"image_hw_tpm_version": "2.0", "image_hw_tpm_model": "tpm-crb"}}).UUID
				s.Exec("cell1", "UPDATE instance_extra SET flavor = REPLACE(REPLACE(flavor, 'hw:cpu_policy', 'hw:tpm_secret_security'), 'shared', 'host') "+
					"WHERE instance_uuid = ?", vm)
				return vm
			}
			s.Service("compute-1", "nova-compute", int(r.Service))
			admin.Do("POST /flavors", `{"flavor": {"id": "d", "name": "d", "ram": 512, "vcpus": 1, "disk": 1}}`).Expect(200)
			admin.Do("POST /flavors/d/os-extra_specs", `{"extra_specs": {"hw:tpm_secret_security": "deployment"}}`).Expect(200)
			resized := admin.Do("POST /servers/"+server()+"/action", `{"resize": {"flavorRef": "d"}}`)
			if refused := resized.Status == 409 || resized.Status == 400; refused != r.Has(release.VTPMLiveMigration) {
				t.Errorf("the resize is answered with %d %s", resized.Status, resized.Body)
			}
			s.Service("other", "nova-compute", int(r.Service))
			moved := admin.MV("2.34").Do("POST /servers/"+server()+"/action", `{"os-migrateLive": {"host": null, "block_migration": "auto"}}`)
			refused := moved.Status == 409 || moved.Status == 400
			if refused == r.Has(release.VTPMLiveMigration) {
				t.Errorf("the live migration is answered with %d", moved.Status)
			}
		})
	}
}

// TestOptionNamesOfReleases: before 2025.2 options of [api] have their former names, too.
func TestOptionNamesOfReleases(t *testing.T) {
	t.Parallel()
	for _, r := range release.All() {
		t.Run(r.ID, func(t *testing.T) {
			t.Parallel()
			s := novatest.New(t, novatest.Conf("[wsgi]\nrelease = "+r.ID+"\n[DEFAULT]\nosapi_max_limit = 1\nosapi_compute_link_prefix = https://cloud.example/nova\n"))
			flavors := string(s.As("demo").Do("GET /flavors").Expect(200).Body)
			link := "http://"
			if !r.Has(release.NewAPIOptionNames) {
				link = "https://cloud.example/nova/v2.1/flavors"
			}
			if limited := strings.Contains(flavors, "flavors_links"); limited == r.Has(release.NewAPIOptionNames) || !strings.Contains(flavors, link) {
				t.Errorf("%s", flavors)
			}
		})
	}
}

// TestSoundModelsOfReleases: nova-computes of 2025.1 beside a newer API cannot have servers with a model of a sound device.
func TestSoundModelsOfReleases(t *testing.T) {
	t.Parallel()
	for _, r := range release.All() {
		t.Run(r.ID, func(t *testing.T) {
			t.Parallel()
			s := novatest.New(t, as(r))
			admin := s.As("admin")
			if !r.Has(release.SoundAndUSBModels) {
				admin.Do("POST /flavors/1/os-extra_specs", `{"extra_specs": {"hw:sound_model": "ich9"}}`).Expect(200) // checked since 2.86
			} else {
				admin.MV("2.86").Do("POST /flavors/1/os-extra_specs", `{"extra_specs": {"hw:sound_model": "ich9"}}`).Expect(200)
			}
			vm := s.Server(novatest.VM{}).UUID
			create := `{"server": {"name": "x", "flavorRef": "1", "imageRef": "` + novatest.Image + `", "networks": "none"}}`
			rebuild := `{"rebuild": {"imageRef": "` + novatest.Image + `"}}`
			s.Exec("cell1", "UPDATE instance_extra SET flavor = REPLACE(REPLACE(flavor, 'hw:cpu_policy', 'hw:sound_model'), 'shared', 'ich9') WHERE instance_uuid = ?", vm)
			if old := int64(68); r.OldestCompute <= old {
				s.Service("old", "nova-compute", int(old))
				if !r.Has(release.SoundAndUSBModels) {
					admin.MV("2.37").Do("POST /servers", create).Expect(202)
				} else {
					admin.MV("2.37").Do("POST /servers", create).Expect(500).Fault("computeFault", novatest.Unexpected("AttributeError"))
					admin.Do("POST /servers/"+vm+"/action", rebuild).Expect(500).Fault("computeFault", novatest.Unexpected("AttributeError"))
				}
			}
			s.Service("new", "nova-compute", int(r.Service))
			s.Exec("cell1", "UPDATE services SET version = ? WHERE `binary` = 'nova-compute'", r.Service)
			admin.MV("2.37").Do("POST /servers", create).Expect(202)
			admin.Do("POST /servers/"+vm+"/action", rebuild).Expect(202)
		})
	}
}

// TestRulesOfReleases: a release without a rule that protects a part of an operation checks the rule of the operation.
func TestRulesOfReleases(t *testing.T) {
	t.Parallel()
	for _, r := range release.All() {
		t.Run(r.ID, func(t *testing.T) {
			t.Parallel()
			s := novatest.New(t, as(r), novatest.File("policy.yaml", `"os_compute_api:servers:migrations:index": "@"`+"\n"))
			vm := s.Server(novatest.VM{})
			rule := "migrate_live"
			if r.Has(release.ManagerAndServiceRoles) {
				rule += ":host"
			}
			for _, role := range []string{"demo", "reader"} {
				s.As(role).MV("2.30").Do(vm.Action(), `{"os-migrateLive": {"host": "other", "block_migration": "auto"}}`).
					Expect(403).Fault("forbidden", "Policy doesn't allow os_compute_api:os-migrate-server:"+rule+" to be performed.")
				s.As(role).Do("GET /os-migrations?project_id=" + novatest.NameID("project", "admin")).Expect(403)
			}
			s.As("admin").MV("2.30").Do(vm.Action(), `{"os-migrateLive": {"host": "nowhere", "block_migration": "auto"}}`).Expect(400)
			s.As("admin").Do("GET /os-migrations").Expect(200)
			s.As("demo").MV("2.23").Do("GET /servers/" + vm.UUID + "/migrations").Expect(200)
		})
	}
}

// TestComputeNodesOfReleases: since 2024.2 the compute nodes of a deleted service are discovered again.
func TestComputeNodesOfReleases(t *testing.T) {
	t.Parallel()
	for _, r := range release.All() {
		t.Run(r.ID, func(t *testing.T) {
			t.Parallel()
			s := novatest.New(t, as(r))
			service, node := s.ComputeHost("old")
			s.Exec("cell1", "UPDATE compute_nodes SET mapped = 1 WHERE uuid = ?", node)
			s.As("admin").MV("2.53").Do("DELETE /os-services/" + service).Expect(204)
			want := "1"
			if r.Has(release.ComputeNodesUnmapped) {
				want = "0"
			}
			if got := s.Value("cell1", "SELECT mapped FROM compute_nodes WHERE uuid = ? AND deleted = id", node); got != want {
				t.Errorf("the compute node has mapped = %s, want %s", got, want)
			}
		})
	}
}
