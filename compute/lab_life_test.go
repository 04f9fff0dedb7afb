//go:build lab

package compute_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nova-go/nova/compute"
	"github.com/nova-go/nova/config"
)

// A chapter of the life of a server is an operation. {server}, {image}, {flavor} and {net} in
// its path and body are filled in; so is what earlier answers gave.
type chapter struct {
	name, do, body string
	until          string // the status to wait for; "": it does not change; "gone"
	version        string // default 2.96
	save           string // "name=path.of.member": of the answer
	silent         bool   // it tells no other service
	racing         string // the table that is not compared
}

// labLife is what both a server of the real service and one of ours go through.
var labLife = []chapter{
	{name: "create", do: "POST /servers", body: `{"server": {"name": "lab-life", "imageRef": "{image}", "flavorRef": "{flavor}", "networks": [{"uuid": "{net}"}], "metadata": {"a": "b"}, "tags": ["t"]}}`, save: "server=server.id", until: "ACTIVE"},
	{name: "update", do: "PUT /servers/{server}", body: `{"server": {"name": "lab-life-2", "description": "text"}}`, silent: true},
	{name: "set metadata", do: "POST /servers/{server}/metadata", body: `{"metadata": {"c": "d"}}`, silent: true},
	{name: "delete metadata", do: "DELETE /servers/{server}/metadata/c", silent: true},
	{name: "set tags", do: "PUT /servers/{server}/tags", body: `{"tags": ["x", "y"]}`, silent: true},
	{name: "stop", do: "action", body: `{"os-stop": null}`, until: "SHUTOFF"},
	{name: "start", do: "action", body: `{"os-start": null}`, until: "ACTIVE"},
	{name: "reboot", do: "action", body: `{"reboot": {"type": "SOFT"}}`, until: "ACTIVE"},
	{name: "hard reboot", do: "action", body: `{"reboot": {"type": "HARD"}}`, until: "ACTIVE"},
	{name: "pause", do: "action", body: `{"pause": null}`, until: "PAUSED"},
	{name: "unpause", do: "action", body: `{"unpause": null}`, until: "ACTIVE"},
	{name: "suspend", do: "action", body: `{"suspend": null}`, until: "SUSPENDED"},
	{name: "resume", do: "action", body: `{"resume": null}`, until: "ACTIVE"},
	{name: "lock", do: "action", body: `{"lock": {"locked_reason": "why"}}`, silent: true},
	{name: "unlock", do: "action", body: `{"unlock": null}`, silent: true},
	{name: "rescue", do: "action", body: `{"rescue": {"adminPass": "secret"}}`, until: "RESCUE"},
	{name: "unrescue", do: "action", body: `{"unrescue": null}`, until: "ACTIVE"},
	{name: "console output", do: "action", body: `{"os-getConsoleOutput": {"length": 5}}`},
	{name: "change password", do: "action", body: `{"changePassword": {"adminPass": "secret"}}`},
	{name: "diagnostics", do: "GET /servers/{server}/diagnostics"},
	{name: "old diagnostics", do: "GET /servers/{server}/diagnostics", version: "2.47"},
	{name: "console", do: "POST /servers/{server}/remote-consoles", body: `{"remote_console": {"protocol": "vnc", "type": "novnc"}}`},
	{name: "inject network info", do: "action", body: `{"injectNetworkInfo": null}`},
	{name: "crash dump", do: "action", body: `{"trigger_crash_dump": null}`},
	{name: "create image", do: "action", body: `{"createImage": {"name": "lab-life-image", "metadata": {"p": "q"}}}`, until: "ACTIVE"},
	{name: "create backup", do: "action", body: `{"createBackup": {"name": "lab-life-backup", "backup_type": "daily", "rotation": 1}}`, until: "ACTIVE"},
	{name: "rebuild", do: "action", body: `{"rebuild": {"imageRef": "{image}", "adminPass": "secret", "name": "lab-life-3"}}`, until: "ACTIVE"},
	{name: "resize", do: "action", body: `{"resize": {"flavorRef": "{flavor_alt}"}}`, until: "VERIFY_RESIZE"},
	{name: "revert resize", do: "action", body: `{"revertResize": null}`, until: "ACTIVE"},
	{name: "resize again", do: "action", body: `{"resize": {"flavorRef": "{flavor_alt}"}}`, until: "VERIFY_RESIZE"},
	{name: "confirm resize", do: "action", body: `{"confirmResize": null}`, until: "ACTIVE"},
	{name: "migrate", do: "action", body: `{"migrate": null}`, until: "VERIFY_RESIZE"},
	{name: "confirm migration", do: "action", body: `{"confirmResize": null}`, until: "ACTIVE"},
	{name: "live migrate", do: "action", body: `{"os-migrateLive": {"host": null, "block_migration": "auto"}}`, until: "ACTIVE"},
	{name: "attach interface", do: "POST /servers/{server}/os-interface", body: `{"interfaceAttachment": {"net_id": "{net}"}}`, save: "port=interfaceAttachment.port_id"},
	{name: "detach interface", do: "DELETE /servers/{server}/os-interface/{port}"},
	{name: "attach volume", do: "POST /servers/{server}/os-volume_attachments", body: `{"volumeAttachment": {"volumeId": "{volume}"}}`},
	{name: "delete the volume with the server", do: "PUT /servers/{server}/os-volume_attachments/{volume}", body: `{"volumeAttachment": {"volumeId": "{volume}", "delete_on_termination": true}}`, silent: true},
	{name: "detach volume", do: "DELETE /servers/{server}/os-volume_attachments/{volume}"},
	// Neutron tells that the port is unbound up to two seconds later, and a server
	// that has no host by then does not hear of it: on either side, at random.
	{name: "shelve", do: "action", body: `{"shelve": null}`, until: "SHELVED_OFFLOADED", racing: "instance_info_caches"},
	{name: "unshelve", do: "action", body: `{"unshelve": null}`, until: "ACTIVE"},
	{name: "reset state", do: "action", body: `{"os-resetState": {"state": "error"}}`, until: "ERROR", silent: true},
	{name: "reset state back", do: "action", body: `{"os-resetState": {"state": "active"}}`, until: "ACTIVE", silent: true},
	{name: "external event", do: "POST /os-server-external-events", body: `{"events": [{"name": "network-changed", "server_uuid": "{server}"}]}`},
	{name: "delete", do: "DELETE /servers/{server}", until: "gone"},
}

// side is one of the two services, and what its answers gave.
type side struct {
	t         *testing.T
	url       string
	token     string
	variables map[string]string
}

// reply is what a side said.
type reply struct {
	status    int
	requestID string
	body      []byte
}

func labSides(t *testing.T) (real, ours *side) {
	t.Helper()
	conf, endpoint := os.Getenv("LAB_NOVA_CONF"), os.Getenv("LAB_NOVA")
	if conf == "" || endpoint == "" {
		t.Skip("LAB_NOVA_CONF and LAB_NOVA name no lab")
	}
	c, err := config.Load(config.Sources{Prog: compute.Prog, Files: []string{conf}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	app, err := compute.New(ctx, compute.Options{Config: c})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(app)
	t.Cleanup(func() { server.Close(); stop() })
	token := labToken(t)
	variables := map[string]string{"flavor": "42", "flavor_alt": "1"}
	var images struct{ Images []struct{ ID, Name string } }
	labGet(t, token, labEndpoint(t, token, "image")+"/v2/images?name=cirros", &images)
	variables["image"] = images.Images[0].ID
	var networks struct{ Networks []struct{ ID, Name string } }
	labGet(t, token, labEndpoint(t, token, "network")+"/v2.0/networks?name=shared", &networks)
	variables["net"] = networks.Networks[0].ID
	make := func(url string) *side {
		v := map[string]string{}
		for name, value := range variables {
			v[name] = value
		}
		return &side{t, strings.TrimSuffix(url, "/"), token, v}
	}
	return make(endpoint), make(server.URL + "/v2.1")
}

func (s *side) fill(text string) string {
	for name, value := range s.variables {
		text = strings.ReplaceAll(text, "{"+name+"}", value)
	}
	return text
}

// send does an operation, and keeps what it is to keep of the answer.
func (s *side) send(o chapter) reply {
	s.t.Helper()
	do := o.do
	if do == "action" {
		do = "POST /servers/{server}/action"
	}
	method, path, _ := strings.Cut(s.fill(do), " ")
	q, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(s.fill(o.body)))
	if err != nil {
		s.t.Fatal(err)
	}
	version := o.version
	if version == "" {
		version = "2.96"
	}
	q.Header = http.Header{"X-Auth-Token": {s.token}, "Content-Type": {"application/json"}, "Openstack-Api-Version": {"compute " + version}}
	r, err := http.DefaultClient.Do(q)
	if err != nil {
		s.t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	if name, path, ok := strings.Cut(o.save, "="); ok && r.StatusCode < 300 {
		s.variables[name] = fmt.Sprint(member(body, path))
	}
	return reply{r.StatusCode, r.Header.Get("X-Openstack-Request-Id"), body}
}

// settle waits until nothing is under way, and the server has the status.
func (s *side) settle(status string) {
	s.t.Helper()
	if last := s.reach(status); last != "" {
		s.t.Fatalf("the server is %s, not %s", last, status)
	}
}

// reach waits until nothing is under way and the server has the status, and answers "". If
// the server fails, or five minutes pass, it answers the server's status and fault.
func (s *side) reach(status string) string {
	s.t.Helper()
	var last string
	for end := time.Now().Add(5 * time.Minute); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		r := s.send(chapter{do: "GET /servers/{server}"})
		if r.status == http.StatusNotFound && status == "gone" {
			return ""
		}
		var v struct {
			Server struct {
				Status string
				Task   *string `json:"OS-EXT-STS:task_state"`
				Fault  struct{ Message string }
			}
		}
		if err := json.Unmarshal(r.body, &v); err != nil {
			s.t.Fatalf("%d %s", r.status, r.body)
		}
		if v.Server.Task == nil && (status == "" || v.Server.Status == status) {
			return ""
		}
		last = strings.TrimSpace(v.Server.Status + " " + v.Server.Fault.Message)
		if v.Server.Task == nil && v.Server.Status == "ERROR" {
			return last
		}
	}
	return last
}

// build creates a server that a test needs before it begins. The hosts and the scheduler of a
// busy machine may fail to build one: it is then deleted and built again.
func (s *side) build(create chapter) {
	s.t.Helper()
	var last string
	for range 3 {
		if r := s.send(create); r.status != http.StatusAccepted {
			s.t.Fatalf("create answers %d: %s", r.status, r.body)
		}
		if last = s.reach("ACTIVE"); last == "" {
			return
		}
		s.t.Logf("the server is %s: building another", last)
		if err := labDelete(s); err != nil {
			s.t.Fatal(err)
		}
	}
	s.t.Fatalf("the server is %s, not ACTIVE", last)
}

// TestLabLife leads a server of the real service and one of ours through the same
// life. After each operation the services have been told the same, and the
// databases say the same, but for ids and times.
func TestLabLife(t *testing.T) {
	real, ours := labSides(t)
	messages := listen(t)
	rows := openRows(t)
	for _, s := range []*side{real, ours} {
		s.variables["volume"] = labVolume(t, s.token)
	}
	t.Cleanup(func() {
		for _, s := range []*side{real, ours} {
			if s.variables["server"] != "" {
				s.url, s.t = real.url, t
				_ = labDelete(s)
			}
		}
	})
	compared := 0
	for _, c := range labLife {
		t.Run(c.name, func(t *testing.T) {
			var told [2]string
			var wrote [2][]string
			for n, s := range []*side{real, ours} {
				s.t = t
				got := s.send(c)
				if got.status >= 300 {
					if s == ours { // the real service does it, so that both go on alike
						(&side{t, real.url, real.token, ours.variables}).send(c)
						s.settle(c.until)
					}
					t.Fatalf("%s answers %d: %s", []string{"the real service", "ours"}[n], got.status, got.body)
				}
				if !c.silent {
					told[n] = messages.first(t, got.requestID)
				}
				s.settle(c.until)
				wrote[n] = rows.settled(t, s.variables["server"], c.racing)
			}
			alike := true
			if told[0] != told[1] {
				alike = false
				t.Errorf("the services are told\n%s", difference(strings.Split(told[0], "\n"), strings.Split(told[1], "\n")))
			}
			for end := time.Now().Add(10 * time.Second); !slices.Equal(wrote[0], wrote[1]) && time.Now().Before(end); {
				for n, s := range []*side{real, ours} { // an event may have come late
					wrote[n] = rows.settled(t, s.variables["server"], c.racing)
				}
			}
			if !slices.Equal(wrote[0], wrote[1]) {
				alike = false
				t.Errorf("the rows are\n%s", difference(wrote[0], wrote[1]))
			}
			if alike {
				compared++
			}
		})
	}
	t.Logf("%d of %d operations alike", compared, len(labLife))
}

// difference shows the lines that only one side has.
func difference(real, ours []string) string {
	var b strings.Builder
	for _, one := range []struct {
		mark        string
		lines, than []string
	}{{"real ", real, ours}, {"ours ", ours, real}} {
		for _, line := range one.lines {
			if !slices.Contains(one.than, line) {
				fmt.Fprintln(&b, one.mark+line)
			}
		}
	}
	return b.String()
}
