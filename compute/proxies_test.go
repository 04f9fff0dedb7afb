package compute_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/nova-go/nova/internal/novatest"
)

// neighbour stands in for a service: it answers what a test gives it, by method
// and path, and remembers the bodies that it was sent.
type neighbour struct {
	mu      sync.Mutex
	URL     string
	answers map[string]string // "GET /v2.0/networks": "200 {…}"
	sent    map[string]string
}

func newNeighbour(t *testing.T, answers map[string]string) *neighbour {
	n := &neighbour{answers: answers, sent: map[string]string{}}
	s := httptest.NewServer(n)
	t.Cleanup(s.Close)
	n.URL = s.URL
	return n
}

func (n *neighbour) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n.mu.Lock()
	defer n.mu.Unlock()
	key := r.Method + " " + r.URL.Path
	body, _ := io.ReadAll(r.Body)
	n.sent[key] = string(body)
	answer, ok := n.answers[key]
	if !ok {
		answer = `404 {"itemNotFound": {"message": "gone", "code": 404}}`
	}
	var status int
	_, _ = fmt.Sscan(answer, &status)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, answer[4:])
}

// got wants what was sent.
func (n *neighbour) got(t *testing.T, key, want string) {
	t.Helper()
	n.mu.Lock()
	defer n.mu.Unlock()
	if p := novatest.Match([]byte(n.sent[key]), want, true); p != "" {
		t.Errorf("%s: %s in %s", key, p, n.sent[key])
	}
}

func TestVolumeProxy(t *testing.T) {
	volume := `{"id": "v1", "status": "in-use", "size": 2, "name": "data", "volume_type": "fast", "metadata": {"a": "b"}, "bootable": "true", "attachments": [{"server_id": "s1", "device": "/dev/vdb"}]}`
	n := newNeighbour(t, map[string]string{
		"GET /v3/volumes/detail":   `200 {"volumes": [` + volume + `]}`,
		"GET /v3/volumes/v1":       `200 {"volume": ` + volume + `}`,
		"POST /v3/volumes":         `202 {"volume": {"id": "v2", "status": "creating", "size": 3, "attachments": []}}`,
		"DELETE /v3/volumes/v1":    `400 {"badRequest": {"message": "Invalid volume", "code": 400}}`,
		"DELETE /v3/volumes/v2":    `202 `,
		"GET /v3/snapshots/s1":     `200 {"snapshot": {"id": "s1", "status": "available", "size": 3, "volume_id": "v1"}}`,
		"GET /v3/snapshots/detail": `200 {"snapshots": []}`,
		"POST /v3/snapshots":       `413 {"overLimit": {"message": "too many", "code": 413}}`,
	})
	s := novatest.New(t, novatest.Conf("[cinder]\nendpoint_template = "+n.URL+"/v3"))
	demo := s.As("demo")
	shown := `{"id": "v1", "status": "in-use", "size": 2, "displayName": "data", "displayDescription": null, "volumeType": "fast", "snapshotId": null, "createdAt": null, "availabilityZone": null,
		"metadata": {"a": "b"}, "attachments": [{"id": "v1", "volumeId": "v1", "serverId": "s1", "device": "/dev/vdb"}]}`
	demo.Do("GET /os-volumes").Expect(200).JSON(`{"volumes": [` + shown + `]}`)
	demo.Do("GET /os-volumes/v1").Expect(200).JSON(`{"volume": ` + shown + `}`)
	demo.Do("GET /os-volumes/x").Expect(404).Fault("itemNotFound", "Volume x could not be found.")
	demo.MV("2.36").Do("GET /os-volumes").Expect(404)
	demo.Do("POST /os-volumes", `{"volume": {"size": "3", "snapshot_id": "s1"}}`).Expect(200).Has(`{"volume": {"id": "v2", "attachments": [{}]}}`).HasHeader("Location", s.URL+"/v2.1/os-volumes/v2")
	n.got(t, "POST /v3/volumes", `{"volume": {"snapshot_id": "s1", "size": "3"}}`)
	demo.Do("DELETE /os-volumes/v2").Expect(202)
	demo.Do("DELETE /os-volumes/v1").Expect(400).Fault("badRequest", "Invalid input received: Invalid volume (HTTP 400)")
	demo.Do("GET /os-snapshots/s1").Expect(200).Has(`{"snapshot": {"volumeId": "v1", "size": 3}}`)
	demo.Do("GET /os-snapshots/x").Expect(404).Fault("itemNotFound", "Snapshot x could not be found.")
	demo.Do("GET /os-snapshots").Expect(200).JSON(`{"snapshots": []}`)
	demo.Do("POST /os-snapshots", `{"snapshot": {"volume_id": "v1", "force": true}}`).Expect(403).Fault("forbidden", "Quota exceeded for resources: snapshots")
	n.got(t, "POST /v3/snapshots", `{"snapshot": {"volume_id": "v1", "force": true}}`)
	down := novatest.New(t, novatest.Conf("[cinder]\nendpoint_template = http://127.0.0.1:1/v3\nhttp_retries = 0"))
	down.As("demo").Do("GET /os-volumes").Expect(500).Fault("computeFault", "*CinderConnectionFailed*")
}

func TestNetworkProxies(t *testing.T) {
	const group = "70a599e0-31e7-49b7-b260-868f441e862b"
	rule := `{"id": "r1", "security_group_id": "` + group + `", "direction": "ingress", "ethertype": "IPv4", "protocol": "tcp"}`
	n := newNeighbour(t, map[string]string{
		"GET /v2.0/networks":                    `200 {"networks": [{"id": "n1", "name": "ext"}]}`,
		"GET /v2.0/networks/n1":                 `200 {"network": {"id": "n1", "name": "ext"}}`,
		"GET /v2.0/floatingips":                 `200 {"floatingips": [{"id": "f1", "floating_ip_address": "192.0.2.1", "floating_network_id": "n1", "port_details": {"device_id": "s1"}}]}`,
		"POST /v2.0/floatingips":                `409 {"NeutronError": {"type": "OverQuota", "message": "no", "detail": ""}}`,
		"GET /v2.0/security-groups":             `200 {"security_groups": [{"id": "` + group + `", "name": "g", "tenant_id": "p", "security_group_rules": [` + rule + `]}]}`,
		"GET /v2.0/security-groups/" + group:    `200 {"security_group": {"id": "` + group + `", "name": "g", "tenant_id": "p", "security_group_rules": [` + rule + `]}}`,
		"POST /v2.0/security-group-rules":       `201 {"security_group_rule": ` + rule + `}`,
		"DELETE /v2.0/security-groups/" + group: `409 {"NeutronError": {"type": "InUse", "message": "in use", "detail": ""}}`,
	})
	s := novatest.New(t, novatest.Conf("[neutron]\nendpoint_override = "+n.URL))
	demo := s.As("demo")
	demo.Do("GET /os-networks").Expect(200).Has(`{"networks": [{"id": "n1", "label": "ext", "cidr": null}]}`)
	s.As("admin").Do("GET /os-networks/n1").Expect(200).Has(`{"network": {"id": "n1", "vlan": null}}`)
	demo.Do("GET /os-networks/x").Expect(404).Fault("itemNotFound", "Network not found")
	demo.Do("GET /os-tenant-networks").Expect(200).JSON(`{"networks": [{"id": "n1", "label": "ext", "cidr": "None"}]}`)
	demo.Do("GET /os-floating-ip-pools").Expect(200).JSON(`{"floating_ip_pools": [{"name": "ext"}]}`)
	demo.Do("GET /os-floating-ips").Expect(200).JSON(`{"floating_ips": [{"id": "f1", "ip": "192.0.2.1", "fixed_ip": null, "instance_id": "s1", "pool": "ext"}]}`)
	demo.Do("GET /os-floating-ips/x").Expect(404).Fault("itemNotFound", "Floating IP not found for ID x")
	demo.Do("POST /os-floating-ips", `{"pool": "ext"}`).Expect(403).Fault("forbidden", "IP allocation over quota in pool ext.")
	view := `{"id": "` + group + `", "name": "g", "description": "", "tenant_id": "p", "rules": [{"id": "r1", "parent_group_id": "` + group + `", "ip_protocol": "tcp", "from_port": 1, "to_port": 65535, "group": {}, "ip_range": {"cidr": "0.0.0.0/0"}}]}`
	demo.Do("GET /os-security-groups").Expect(200).JSON(`{"security_groups": [` + view + `]}`)
	demo.Do("GET /os-security-groups/" + group).Expect(200).JSON(`{"security_group": ` + view + `}`)
	demo.Do("GET /os-security-groups/x").Expect(400).Fault("badRequest", "Security group id should be uuid")
	demo.Do("DELETE /os-security-groups/"+group).Expect(400).Fault("badRequest", "in use")
	make := func(more string) *novatest.Response {
		return demo.Do("POST /os-security-group-rules", `{"security_group_rule": {"parent_group_id": "`+group+`", "ip_protocol": "tcp", `+more+`}}`)
	}
	make(`"from_port": 1, "to_port": 65535`).Expect(400).Fault("badRequest", "This rule already exists in group "+group)
	make(`"from_port": 5, "to_port": 4`).Expect(400).Fault("badRequest", "Invalid port range 5:4. Former value cannot be greater than the later")
	make(`"from_port": 5, "to_port": 6, "cidr": "10.0.0.0/0"`).Expect(400).Fault("badRequest", "Bad prefix for network in cidr 10.0.0.0/0")
	make(`"from_port": 5, "to_port": 6, "cidr": "2001:db8::/32"`).Expect(200)
	n.got(t, "POST /v2.0/security-group-rules", `{"security_group_rule": {"ethertype": "IPv6", "port_range_min": 5, "port_range_max": 6, "remote_ip_prefix": "2001:db8::/32", "direction": "ingress"}}`)
}

func TestImageProxy(t *testing.T) {
	image := `{"id": "i1", "name": "cirros", "status": "active", "min_ram": 64, "size": null, "visibility": "public", "created_at": "2026-05-01T12:00:00Z", "os_distro": "x", "auto_disk_config": "True"}`
	n := newNeighbour(t, map[string]string{
		"GET /v2/images":       `200 {"images": [` + image + `]}`,
		"GET /v2/images/i1":    `200 ` + image,
		"PATCH /v2/images/i1":  `200 ` + image,
		"DELETE /v2/images/i1": `403 {"message": "no"}`,
	})
	s := novatest.New(t, novatest.Conf("[glance]\nendpoint_override = "+n.URL))
	demo := s.As("demo")
	demo.Do("GET /images").Expect(200).Has(`{"images": [{"id": "i1", "name": "cirros", "links": [{"rel": "self"}, {"rel": "bookmark"}, {"rel": "alternate", "href": "` + n.URL + `/images/i1"}]}]}`)
	demo.Do("GET /images/detail?limit=1").Expect(200).Has(`{"images": [{"minRam": 64, "OS-EXT-IMG-SIZE:size": 0}], "images_links": [{"href": "*/images/detail?limit=1&marker=i1"}]}`)
	demo.Do("GET /images/i1").Expect(200).Has(`{"image": {"status": "ACTIVE", "progress": 100, "created": "2026-05-01T12:00:00Z", "updated": null, "OS-DCF:diskConfig": "AUTO", "metadata": {"os_distro": "x", "auto_disk_config": "True"}}}`)
	demo.Do("GET /images/x").Expect(404).Fault("itemNotFound", "Image not found.")
	demo.Do("DELETE /images/i1").Expect(403).Fault("forbidden", "You are not allowed to delete the image.")
	demo.Do("GET /images/i1/metadata/os_distro").Expect(200).JSON(`{"meta": {"os_distro": "x"}}`)
	demo.Do("PUT /images/i1/metadata", `{"metadata": {"os_distro": "y", "a:b": "c"}}`).Expect(200).JSON(`{"metadata": {"os_distro": "y", "a:b": "c"}}`)
	n.got(t, "PATCH /v2/images/i1", `[{"op": "add", "path": "/a:b", "value": "c"}, {"op": "replace", "path": "/os_distro", "value": "y"}, {"op": "remove", "path": "/auto_disk_config"}]`)
	demo.Do("DELETE /images/i1/metadata/nope").Expect(404).Fault("itemNotFound", "Invalid metadata key")
	demo.MV("2.39").Do("GET /images/i1/metadata").Expect(404)
}
