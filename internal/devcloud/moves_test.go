package devcloud_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/nova-go/nova/compute/devcloud"
)

// operator is an administrator of a cloud with one server.
type operator struct {
	*testing.T
	cloud         *devcloud.Cloud
	token, server string
}

func newOperator(t *testing.T) *operator {
	t.Helper()
	c := start(t, "")
	t.Cleanup(func() { _ = c.Close() })
	o := &operator{T: t, cloud: c, token: logIn(t, c, "admin", "secret", "demo", 201)}
	o.server = o.create("web")
	return o
}

// create makes a server of project demo.
func (o *operator) create(name string) string {
	o.Helper()
	out, _ := as(o.T, o.cloud, o.token, "POST", "/v2.1/servers", `{"server": {"name": "`+name+`", "flavorRef": "1", "imageRef": "70a599e0-31e7-49b7-b260-868f441e862b", "networks": [{"uuid": "816f2b13-bbf7-5603-ae8e-d61d3a492967"}]}}`, 202)
	return out["server"].(map[string]any)["id"].(string)
}

// do sends a request at a microversion, and answers the status and the body.
func (o *operator) do(version, method, path, body string) (int, string) {
	o.Helper()
	q, err := http.NewRequestWithContext(o.Context(), method, o.cloud.URL+"/v2.1"+path, strings.NewReader(body))
	if err != nil {
		o.Fatal(err)
	}
	q.Header.Set("X-Auth-Token", o.token)
	q.Header.Set("Content-Type", "application/json")
	q.Header.Set("OpenStack-API-Version", "compute "+version)
	r, err := http.DefaultClient.Do(q)
	if err != nil {
		o.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		o.Fatal(err)
	}
	return r.StatusCode, string(text)
}

// act sends an action, and waits until the hosts have done it.
func (o *operator) act(version, body string, want int) string {
	o.Helper()
	status, text := o.do(version, "POST", "/servers/"+o.server+"/action", body)
	if status != want {
		o.Fatalf("%s: %d %s, want %d", body, status, text, want)
	}
	o.cloud.Settle()
	return text
}

// shows is a server as an administrator sees it.
func (o *operator) shows(server string) map[string]any {
	o.Helper()
	out, _ := as(o.T, o.cloud, o.token, "GET", "/v2.1/servers/"+server, "", 200)
	return out["server"].(map[string]any)
}

// expect compares the status of the server, and answers its host.
func (o *operator) expect(status string) string {
	o.Helper()
	s := o.shows(o.server)
	if s["status"] != status || s["OS-EXT-STS:task_state"] != nil {
		o.Fatalf("the server is %v, task %v, fault %v, want %s", s["status"], s["OS-EXT-STS:task_state"], s["fault"], status)
	}
	host, _ := s["OS-EXT-SRV-ATTR:host"].(string)
	return host
}

// holder is the one host that placement says has the server.
func (o *operator) holder() string {
	o.Helper()
	out, _ := as(o.T, o.cloud, o.token, "GET", "/placement/allocations/"+o.server, "", 200)
	host := ""
	for provider := range out["allocations"].(map[string]any) {
		if host != "" {
			o.Fatal("two providers have the server")
		}
		one, _ := as(o.T, o.cloud, o.token, "GET", "/placement/resource_providers/"+provider, "", 200)
		host = one["name"].(string)
	}
	return host
}

// bound is the host that the port of the server is bound to.
func (o *operator) bound() string {
	o.Helper()
	out, _ := as(o.T, o.cloud, o.token, "GET", "/network/v2.0/ports?device_id="+o.server, "", 200)
	ports := out["ports"].([]any)
	if len(ports) != 1 {
		o.Fatalf("the server has ports %v", ports)
	}
	host, _ := ports[0].(map[string]any)["binding:host_id"].(string)
	return host
}

// moved wants the server on another host, and everybody to say so.
func (o *operator) moved(from string) string {
	o.Helper()
	to := o.expect("ACTIVE")
	if to == from || o.holder() != to || o.bound() != to {
		o.Fatalf("the server was on %s; Nova has it on %s, placement on %s, the network on %s", from, to, o.holder(), o.bound())
	}
	return to
}

func TestLiveMigration(t *testing.T) {
	t.Parallel()
	o := newOperator(t)
	o.cloud.Settle()
	from := o.expect("ACTIVE")
	o.act("2.30", `{"os-migrateLive": {"host": null, "block_migration": "auto"}}`, 202)
	to := o.moved(from)
	o.act("2.30", `{"os-migrateLive": {"host": "`+from+`", "block_migration": "auto"}}`, 202)
	o.moved(to)
	if status, text := o.do("2.59", "GET", "/os-migrations?instance_uuid="+o.server, ""); status != 200 || strings.Count(text, `"status":"completed"`) != 2 {
		t.Errorf("the migrations are %s", text)
	}
	// With the other host down there is none to go to.
	ask(t, o.cloud, "PUT", "/hosts/"+to, `{"up": false}`, 204)
	o.act("2.30", `{"os-migrateLive": {"host": null, "block_migration": "auto"}}`, 400)
	o.act("2.34", `{"os-migrateLive": {"host": null, "block_migration": "auto"}}`, 202)
	if at := o.expect("ACTIVE"); at != from {
		t.Errorf("the server went to %s", at)
	}
}

func TestRescue(t *testing.T) {
	t.Parallel()
	o := newOperator(t)
	o.cloud.Settle()
	if text := o.act("2.1", `{"rescue": {"adminPass": "pw"}}`, 200); !strings.Contains(text, "pw") {
		t.Errorf("rescue answers %s", text)
	}
	o.expect("RESCUE")
	o.act("2.1", `{"rescue": {}}`, 409)
	o.act("2.1", `{"unrescue": null}`, 202)
	o.expect("ACTIVE")
}

func TestEvacuate(t *testing.T) {
	t.Parallel()
	o := newOperator(t)
	o.cloud.Settle()
	from := o.expect("ACTIVE")
	if status, text := o.do("2.53", "GET", "/os-services?host="+from+"&binary=nova-compute", ""); status != 200 || !strings.Contains(text, `"state":"up"`) {
		t.Fatalf("the services are %s", text)
	} else if o.act("2.14", `{"evacuate": {}}`, 400); t.Failed() {
		return
	}
	// The host is gone: what is sent to it hangs, and its service is forced down, as
	// who fences it would.
	ask(t, o.cloud, "PUT", "/hosts/"+from, `{"up": false}`, 204)
	if status, text := o.do("2.11", "PUT", "/os-services/force-down", `{"host": "`+from+`", "binary": "nova-compute", "forced_down": true}`); status != 200 {
		t.Fatalf("force-down: %d %s", status, text)
	}
	o.act("2.14", `{"evacuate": {}}`, 200)
	o.moved(from)
	if status, text := o.do("2.59", "GET", "/os-migrations?migration_type=evacuation", ""); status != 200 || !strings.Contains(text, o.server) {
		t.Errorf("the migrations are %s", text)
	}
}

func TestHostDown(t *testing.T) {
	t.Parallel()
	o := newOperator(t)
	o.cloud.Settle()
	host := o.expect("ACTIVE")
	ask(t, o.cloud, "PUT", "/hosts/"+host, `{"up": false}`, 204)
	other := o.create("other")
	o.cloud.Settle()
	if s := o.shows(other); s["status"] != "ACTIVE" || s["OS-EXT-SRV-ATTR:host"] == host {
		t.Errorf("the next server is %v on %v", s["status"], s["OS-EXT-SRV-ATTR:host"])
	}
	o.act("2.1", `{"os-stop": null}`, 202)
	if s := o.shows(o.server); s["status"] != "ACTIVE" || s["OS-EXT-STS:task_state"] != "powering-off" {
		t.Errorf("a server of a host that is down is %v, task %v", s["status"], s["OS-EXT-STS:task_state"])
	}
}

// TestCellDown takes the database of the cell away.
func TestCellDown(t *testing.T) {
	t.Parallel()
	o := newOperator(t)
	o.cloud.Settle()
	o.expect("ACTIVE")
	ask(t, o.cloud, "PUT", "/cells/cell0", `{"up": false}`, 400)
	ask(t, o.cloud, "PUT", "/cells/cell1", `{"up": false}`, 204)
	if status, text := o.do("2.69", "GET", "/servers/detail", ""); status != 200 || !strings.Contains(text, `"status":"UNKNOWN"`) || !strings.Contains(text, o.server) ||
		!strings.Contains(text, `"security_groups":[{"name":"default"}]`) {
		t.Errorf("the list is %d %s", status, text)
	}
	if status, text := o.do("2.69", "GET", "/servers/"+o.server, ""); status != 200 || !strings.Contains(text, "UNKNOWN") {
		t.Errorf("the server is %d %s", status, text)
	}
	if status, text := o.do("2.1", "GET", "/servers/detail", ""); status != 200 || strings.Contains(text, o.server) {
		t.Errorf("before 2.69 the list is %d %s", status, text)
	}
	if text := ask(t, o.cloud, "GET", "/state", "", 200); !strings.Contains(text, `"cells":[{"name":"cell1","up":false}]`) {
		t.Errorf("the state is %s", text)
	}
	ask(t, o.cloud, "DELETE", "/faults", "", 204)
	o.expect("ACTIVE") // at once: the request ends when everybody knows the cell again
}
