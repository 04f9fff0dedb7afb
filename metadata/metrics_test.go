package metadata_test

import (
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/novatest"
	"github.com/nova-go/nova/metadata"
	"github.com/nova-go/nova/metadata/internal/tree"
)

func TestMetrics(t *testing.T) {
	s := novatest.New(t)
	c, err := config.Load(config.Sources{Prog: metadata.Prog, Files: []string{filepath.Join(s.State, "nova.conf")}})
	if err != nil {
		t.Fatal(err)
	}
	c.Neutron.ServiceMetadataProxy, c.Neutron.MetadataProxySharedSecret, c.API.MetadataCacheExpiration = true, key, 15
	registry, log := prometheus.NewRegistry(), zerolog.Nop()
	h, err := metadata.New(t.Context(), metadata.Options{Config: c, Log: &log, Metrics: registry})
	if err != nil {
		t.Fatal(err)
	}
	started(t, h)
	instance := s.Server(novatest.VM{})
	headers := signed("X-Instance-ID", instance.UUID, "X-Instance-ID-Signature", sign(instance.UUID), "X-Tenant-ID", novatest.NameID("project", "demo"))
	for _, path := range []string{"/openstack/latest/meta_data.json", "/openstack/2018-08-27/meta_data.json", "/latest/meta-data/instance-id", "/ec2/1.0/meta-data/placement"} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest("GET", path, nil)
		r.Header = headers
		h.ServeHTTP(w, r)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	seen, counts := map[string]bool{}, map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			v := map[string]string{}
			for _, l := range m.GetLabel() {
				v[l.GetName()] = l.GetValue()
			}
			seen[v["operation"]] = true
			if f.GetName() == "nova_requests_total" || f.GetName() == "nova_cache_requests_total" {
				counts[v["operation"]+v["cache"]+" "+v["version"]+" "+v["status"]+v["result"]] += m.GetCounter().GetValue()
			}
		}
	}
	for _, name := range tree.Leaves() {
		if !seen[name] {
			t.Errorf("%s has no metric", name)
		}
	}
	for name, want := range map[string]float64{
		"openstack.meta_data.json latest 200": 1, "openstack.meta_data.json 2018-08-27 200": 1, "ec2.instance-id latest 200": 1,
		"ec2.placement 1.0 404": 1, "versions  200": 1, "instances  miss": 1, "instances  hit": 3,
	} {
		if counts[name] < want {
			t.Errorf("%s: %v, want %v", name, counts[name], want)
		}
	}
	if t.Failed() {
		t.Log(counts)
	}
}
