package metadata_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/novatest"
	"github.com/nova-go/nova/internal/novatest/testproc"
	"github.com/nova-go/nova/metadata"
)

// started waits until a handler has found its databases.
func started(t *testing.T, h http.Handler) {
	t.Helper()
	testproc.Eventually(t, "the application has started", func() bool { return do(h, "GET", "/", "", nil).Code == http.StatusOK })
}

// application returns the metadata service of a stack, behind Neutron's proxy and without a cache.
func application(t *testing.T, s *novatest.Stack) http.Handler {
	t.Helper()
	c, err := config.Load(config.Sources{Prog: metadata.Prog, Files: []string{filepath.Join(s.State, "nova.conf")}})
	if err != nil {
		t.Fatal(err)
	}
	c.Neutron.ServiceMetadataProxy, c.Neutron.MetadataProxySharedSecret, c.API.MetadataCacheExpiration = true, key, 0
	log := zerolog.Nop()
	h, err := metadata.New(t.Context(), metadata.Options{Config: c, Log: &log})
	if err != nil {
		t.Fatal(err)
	}
	started(t, h)
	return h
}

// TestGuestOfTheDatabase reads a server as it stands in its cell, and writes what a
// guest may write.
func TestGuestOfTheDatabase(t *testing.T) {
	s := novatest.New(t)
	h := application(t, s)
	guest := s.Server(novatest.VM{Name: "web", Metadata: map[string]string{"Role": "web"}, Addresses: []string{"10.0.0.7"}, Volumes: []string{"3fa1b2c4-0000-4000-8000-000000000001"},
		SystemMetadata: map[string]string{"boot_roles": "reader", "image_os": "linux"}, UserData: "aGk="})
	headers := signed("X-Instance-ID", guest.UUID, "X-Instance-ID-Signature", sign(guest.UUID), "X-Tenant-ID", novatest.NameID("project", "demo"))
	for path, want := range map[string]string{
		"/openstack/latest/meta_data.json": `"Role": "web"`, "/openstack/latest/user_data": "hi", "/latest/meta-data/instance-id": "i-00000001", "/latest/meta-data/ami-id": "ami-00000001",
		"/latest/meta-data/instance-type": "m1.tiny", "/latest/meta-data/block-device-mapping/ami": "vda", "/latest/meta-data/hostname": "web", "/openstack/latest/password": "",
	} {
		if w := do(h, "GET", path, "", headers); w.Code != 200 || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	changed := strings.Join(s.Changes(func() {
		if w := do(h, "POST", "/openstack/latest/password", "secret", headers); w.Code != 200 {
			t.Errorf("password: %d %s", w.Code, w.Body)
		}
	}).Lines, "\n")
	if !strings.Contains(changed, " key=password_0 value=secret deleted=0\n") || !strings.HasSuffix(changed, "\ncell1 UPDATE instances id=1 updated_at=2026-05-01T12:01:30→now") {
		t.Errorf("the databases changed by\n%s", changed)
	}
	if w := do(h, "GET", "/openstack/latest/password", "", headers); w.Body.String() != "secret" {
		t.Errorf("the password is %s", w.Body)
	}
}
