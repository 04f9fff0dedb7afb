package devcloud_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nova-go/nova/compute/devcloud"
)

// start starts a cloud that is kept in a directory.
func start(t *testing.T, state string) *devcloud.Cloud {
	t.Helper()
	c, err := devcloud.Start(context.Background(), devcloud.Options{State: state})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// ask sends a request to the control API, and answers the body.
func ask(t *testing.T, c *devcloud.Cloud, method, path, body string, want int) string {
	t.Helper()
	_, text := send(t, c, "", method, "/dev"+path, body, want)
	return string(text)
}

// send sends a request with a token, or for "" with none, and with more headers:
// "Name: value".
func send(t *testing.T, c *devcloud.Cloud, token, method, path, body string, want int, more ...string) (http.Header, []byte) {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), method, c.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		q.Header.Set("X-Auth-Token", token)
	}
	q.Header.Set("Content-Type", "application/json")
	for _, h := range more {
		name, value, _ := strings.Cut(h, ": ")
		q.Header.Set(name, value)
	}
	r, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != want {
		t.Fatalf("%s %s: %d %s %v", method, path, r.StatusCode, text, err)
	}
	return r.Header, text
}

// settles waits until the hosts have done what was asked for, and wants a text in what
// the control API says of the cloud then.
func settles(t *testing.T, c *devcloud.Cloud, text string) {
	t.Helper()
	c.Settle()
	if state := ask(t, c, "GET", "/state", "", 200); !strings.Contains(state, text) {
		t.Fatalf("no %s in %s", text, state)
	}
}

func TestACloudSurvivesItsProcess(t *testing.T) {
	t.Parallel()
	state := t.TempDir()
	c := start(t, state)
	ask(t, c, "POST", "/seed", "servers:\n- {name: web}\nvolumes:\n- {name: data, size: 2}\n", 204)
	settles(t, c, `"name":"web","status":"ACTIVE"`)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	c = start(t, state)
	defer c.Close()
	settles(t, c, `"name":"web","status":"ACTIVE"`)
	if dump := ask(t, c, "GET", "/dump", "", 200); !strings.Contains(dump, `"name":"data"`) || !strings.Contains(dump, `"ip_address":"10.0.0.2"`) {
		t.Errorf("the volume or the port is lost: %s", dump)
	}
	ask(t, c, "POST", "/reset", "", 204)
	if s := ask(t, c, "GET", "/state", "", 200); !strings.Contains(s, `"servers":[]`) {
		t.Errorf("reset left %s", s)
	}
}

func TestPlannedFaults(t *testing.T) {
	t.Parallel()
	c := start(t, "")
	defer c.Close()
	ask(t, c, "POST", "/faults", `{"message": "no luck"}`, 204)
	ask(t, c, "POST", "/seed", "servers:\n- {name: first}\n", 204)
	settles(t, c, `"name":"first","status":"ERROR"`)
	ask(t, c, "POST", "/seed", "servers:\n- {name: second}\n", 204)
	settles(t, c, `"name":"second","status":"ACTIVE"`)
	ask(t, c, "POST", "/seed", "servers:\n- {name: third, metadata: {\"dev:fail\": mine}}\n", 204)
	settles(t, c, `"name":"third","status":"ERROR"`)
	ask(t, c, "POST", "/faults", `{"request": "POST /v2.1/servers", "status": 503}`, 204)
	if text := ask(t, c, "POST", "/seed", "servers:\n- {name: fourth}\n", 400); !strings.Contains(text, "503") {
		t.Errorf("the planned status is lost: %s", text)
	}
	if text := ask(t, c, "GET", "/requests", "", 200); !strings.Contains(text, `"status":503`) || !strings.Contains(text, `"planned":true`) {
		t.Errorf("the request is not recorded: %s", text)
	}
	for _, host := range []string{"compute-1", "compute-2"} {
		ask(t, c, "PUT", "/hosts/"+host, `{"up": false}`, 204)
	}
	ask(t, c, "POST", "/seed", "servers:\n- {name: fifth}\n", 204)
	settles(t, c, `"name":"fifth","status":"ERROR"`)
	ask(t, c, "POST", "/faults", `{}`, 400)
	ask(t, c, "POST", "/seed", "servers: 1", 400)
}

// TestWhatHangsIsFailedAtTheNextStart stands for a process that is killed.
func TestWhatHangsIsFailedAtTheNextStart(t *testing.T) {
	t.Parallel()
	state := t.TempDir()
	c := start(t, state)
	ask(t, c, "POST", "/faults", `{"hang": true, "times": 3}`, 204)
	ask(t, c, "POST", "/seed", "servers:\n- {name: web, count: 3}\n", 204)
	for n := range 3 {
		settles(t, c, fmt.Sprintf(`"name":"web-%d","status":"BUILD","task_state":"spawning"`, n+1))
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	c = start(t, state)
	defer c.Close()
	for n := range 3 {
		settles(t, c, fmt.Sprintf(`"name":"web-%d","status":"ERROR","power_state"`, n+1))
	}
	if dump := ask(t, c, "GET", "/dump", "", 200); strings.Contains(dump, `"device_owner":"compute:`) {
		t.Errorf("ports are left: %s", dump)
	}
}

// A call that hangs gets no answer; the host goes on with other messages about the
// server.
func TestACallThatHangs(t *testing.T) {
	t.Parallel()
	conf := filepath.Join(t.TempDir(), "nova.conf")
	if err := os.WriteFile(conf, []byte("[DEFAULT]\nrpc_response_timeout = 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := devcloud.Start(t.Context(), devcloud.Options{ConfigFiles: []string{conf}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ask(t, c, "POST", "/seed", "servers:\n- {name: web}\n", 204)
	settles(t, c, `"name":"web","status":"ACTIVE"`)
	var list struct {
		Servers []struct{ ID string } `json:"servers"`
	}
	token := logIn(t, c, "admin", devcloud.Password, "admin", 201)
	_, text := send(t, c, token, "GET", "/v2.1/servers?all_tenants=1", "", 200)
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	server := "/v2.1/servers/" + list.Servers[0].ID
	ask(t, c, "POST", "/faults", `{"method": "get_vnc_console", "hang": true, "times": -1}`, 204)
	send(t, c, token, "POST", server+"/remote-consoles", `{"remote_console": {"protocol": "vnc", "type": "novnc"}}`, 500, "X-OpenStack-Nova-API-Version: 2.6")
	send(t, c, token, "POST", server+"/action", `{"os-stop": null}`, 202)
	settles(t, c, `"name":"web","status":"SHUTOFF"`)
}
