package main_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/novatest/testproc"
)

// Of every cloud of --dev.
const (
	cirros  = "70a599e0-31e7-49b7-b260-868f441e862b"
	private = "816f2b13-bbf7-5603-ae8e-d61d3a492967"
)

// kill ends a process as a power cut does, and waits until it is gone.
func (p *process) kill() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGKILL); err != nil {
		p.t.Fatal(err)
	}
	<-p.ended
	p.ended <- nil // as wanted
}

// ask sends a request, and reads what is answered into to, unless that is nil.
func (p *process) ask(token, request, body string, to any) (status int, err error) {
	method, path, _ := strings.Cut(request, " ")
	r, err := http.NewRequestWithContext(p.t.Context(), method, "http://"+p.address+path, strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	r.Header.Set("X-Auth-Token", token)
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && to != nil {
		if err = json.Unmarshal(text, to); err != nil {
			err = fmt.Errorf("%s: %s: %w", request, text, err)
		}
	}
	return answer.StatusCode, err
}

// crashed is a server as the test sees it.
type crashed struct {
	ID, Status string
	Task       *string `json:"OS-EXT-STS:task_state"`
	Addresses  map[string][]struct{ Addr string }
}

// TestKilledDuringCreates kills a cloud while a hundred servers are made, and wants
// it to be in order when it is started again.
func TestKilledDuringCreates(t *testing.T) {
	t.Parallel()
	p, state := dev(t)
	token := p.token()
	if status, err := p.ask(token, "PUT /v2.1/os-quota-sets/"+adminProject, `{"quota_set": {"instances": -1, "cores": -1, "ram": -1}}`, nil); err != nil || status != http.StatusOK {
		t.Fatal(status, err)
	}
	var mu sync.Mutex
	var promised []string // servers that were answered with 202
	var answers atomic.Int32
	some := make(chan struct{})
	var clients sync.WaitGroup
	for n := range 100 {
		clients.Go(func() {
			var made struct{ Server struct{ ID string } }
			status, err := p.ask(token, "POST /v2.1/servers", fmt.Sprintf(`{"server": {"name": "web-%d", "flavorRef": "42", "imageRef": "%s", "networks": [{"uuid": "%s"}]}}`, n, cirros, private), &made)
			if err == nil && status == http.StatusAccepted {
				mu.Lock()
				promised = append(promised, made.Server.ID)
				mu.Unlock()
			}
			if answers.Add(1) == 30 {
				close(some)
			}
		})
	}
	<-some
	p.kill()
	clients.Wait()
	if len(promised) == 0 {
		t.Fatal("no server was made before the end")
	}

	address := testproc.Address(t)
	_, port, _ := net.SplitHostPort(address)
	p = start(t, address, "--dev", "--state", state, "--port", port)
	token = p.token()
	servers := p.settled(token)
	known := map[string]crashed{}
	count := map[string]int{}
	for _, s := range servers {
		known[s.ID] = s
		count[s.Status]++
	}
	t.Logf("%d promised, found: %v", len(promised), count)
	for _, id := range promised {
		if known[id].Status == "" {
			t.Errorf("server %s was promised, and is gone", id)
		}
	}
	p.agree(token, known)
	for table, query := range map[string]string{
		"build_requests":    "SELECT COUNT(*) FROM build_requests",
		"instance_mappings": "SELECT COUNT(*) FROM instance_mappings WHERE cell_id IS NULL",
	} {
		api, err := db.Open("sqlite:///"+filepath.Join(state, "nova_api.sqlite"), db.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var n int
		if err := api.One(context.Background(), []any{&n}, query); err != nil || n > 0 {
			t.Errorf("%d rows of %s are left, %v", n, table, err)
		}
		if err := api.Close(); err != nil {
			t.Error(err)
		}
	}
	// What is there can be deleted, and leaves nothing.
	for id := range known {
		if status, err := p.ask(token, "DELETE /v2.1/servers/"+id, "", nil); err != nil || status != http.StatusNoContent {
			t.Errorf("server %s cannot be deleted: %d %v", id, status, err)
		}
	}
	testproc.Eventually(t, "no server is left", func() bool { return len(p.servers(token)) == 0 })
	p.agree(token, map[string]crashed{})
}

// settled are the servers once nothing is done to any of them.
func (p *process) settled(token string) []crashed {
	p.t.Helper()
	var list []crashed
	testproc.Eventually(p.t, "nothing is done to any server", func() bool {
		list = p.servers(token)
		return !slices.ContainsFunc(list, func(s crashed) bool { return s.Task != nil || s.Status == "BUILD" })
	})
	return list
}

// servers are those of all projects.
func (p *process) servers(token string) []crashed {
	p.t.Helper()
	var list struct{ Servers []crashed }
	if status, err := p.ask(token, "GET /v2.1/servers/detail?all_tenants=1", "", &list); err != nil || status != http.StatusOK {
		p.t.Fatal(status, err)
	}
	return list.Servers
}

// agree compares the services with the servers: who is active has its port and
// its allocations, nobody else has any.
func (p *process) agree(token string, servers map[string]crashed) {
	p.t.Helper()
	var network struct {
		Ports []struct {
			Device   string `json:"device_id"`
			Owner    string `json:"device_owner"`
			FixedIPs []struct {
				IP string `json:"ip_address"`
			} `json:"fixed_ips"`
		}
	}
	if _, err := p.ask(token, "GET /network/v2.0/ports", "", &network); err != nil {
		p.t.Fatal(err)
	}
	ports := map[string]int{}
	taken := map[string]string{}
	for _, port := range network.Ports {
		if !strings.HasPrefix(port.Owner, "compute:") {
			continue
		}
		ports[port.Device]++
		if servers[port.Device].Status == "" {
			p.t.Errorf("a port belongs to server %s, which is gone", port.Device)
		}
		for _, ip := range port.FixedIPs {
			if other := taken[ip.IP]; other != "" {
				p.t.Errorf("servers %s and %s have the address %s", other, port.Device, ip.IP)
			}
			taken[ip.IP] = port.Device
		}
	}
	want := map[string]int{}
	for id, s := range servers {
		holds := 0
		var allocations struct{ Allocations map[string]any }
		if _, err := p.ask(token, "GET /placement/allocations/"+id, "", &allocations); err != nil {
			p.t.Fatal(err)
		}
		if s.Status == "ACTIVE" {
			holds = 1
			want["VCPU"]++
		}
		if len(allocations.Allocations) != holds || ports[id] != holds || len(s.Addresses) != holds {
			p.t.Errorf("server %s is %s with %d allocations, %d ports and addresses in %d networks", id, s.Status, len(allocations.Allocations), ports[id], len(s.Addresses))
		}
	}
	var usage struct{ Usages map[string]int }
	if _, err := p.ask(token, "GET /placement/usages?project_id="+adminProject, "", &usage); err != nil || usage.Usages["VCPU"] != want["VCPU"] {
		p.t.Errorf("placement counts %v, %v, want %d VCPU", usage.Usages, err, want["VCPU"])
	}
}

// adminProject is the project of [process.token].
const adminProject = "70726f6a6563742d61646d696e202020"

// TestTasksAreSeen wants what a client of a real cloud sees: a server that is being
// paused, and times in whole seconds.
func TestTasksAreSeen(t *testing.T) {
	t.Parallel()
	p, _ := dev(t)
	token := p.token()
	var made struct{ Server struct{ ID string } }
	if status, err := p.ask(token, "POST /v2.1/servers", fmt.Sprintf(`{"server": {"name": "web", "flavorRef": "42", "imageRef": "%s", "networks": [{"uuid": "%s"}]}}`, cirros, private), &made); err != nil || status != http.StatusAccepted {
		t.Fatal(status, err)
	}
	server := "/v2.1/servers/" + made.Server.ID
	p.settled(token)
	var refused struct{ ConflictingRequest struct{ Message string } }
	for n, want := range []int{http.StatusAccepted, http.StatusConflict} {
		var to any
		if n == 1 {
			to = &refused
		}
		if status, err := p.ask(token, "POST "+server+"/action", `{"pause": null}`, to); err != nil || status != want {
			t.Fatal(n, status, err)
		}
	}
	if want := "Cannot 'pause' instance " + made.Server.ID + " while it is in task_state pausing"; refused.ConflictingRequest.Message != want {
		t.Errorf("%q, want %q", refused.ConflictingRequest.Message, want)
	}
	if servers := p.settled(token); len(servers) != 1 || servers[0].Status != "PAUSED" {
		t.Errorf("the servers are %v", servers)
	}
	var list struct {
		InstanceActions []struct {
			Start string `json:"start_time"`
		}
	}
	if _, err := p.ask(token, "GET "+server+"/os-instance-actions", "", &list); err != nil || len(list.InstanceActions) != 2 {
		t.Fatal(list, err)
	}
	for _, a := range list.InstanceActions {
		if !strings.HasSuffix(a.Start, ".000000") {
			t.Errorf("an action began at %s", a.Start)
		}
	}
}
