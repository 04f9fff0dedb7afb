package devcloud_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nova-go/nova/compute/devcloud"
)

// TestSnapshots returns to a kept state after everything has changed, also in a later process.
func TestSnapshots(t *testing.T) {
	t.Parallel()
	state := t.TempDir()
	c := start(t, state)
	token, admin := loggedIn(t, c.URL, "demo"), loggedIn(t, c.URL, "admin")
	ask(t, c, "POST", "/seed", "servers:\n- {name: web}\nvolumes:\n- {name: data}\nrequests:\n"+
		"- {as: admin, do: \"POST /identity/v3/projects\", body: {project: {name: kept}}}\n", 204)
	_, text := send(t, c, token, "POST", "/image/v2/images", `{"name": "mine", "disk_format": "raw", "container_format": "bare"}`, 201)
	var image struct{ ID string }
	if err := json.Unmarshal(text, &image); err != nil {
		t.Fatal(err)
	}
	file := "/image/v2/images/" + image.ID + "/file"
	_, _ = send(t, c, token, "PUT", file, "content", 204)
	// The step under way ends before the state is kept.
	ask(t, c, "PUT", "/snapshots/base", "", 204)
	all := func() string { return whole(t, ask(t, c, "GET", "/dump", "", 200)) }
	kept := all()
	if !strings.Contains(kept, `"ACTIVE"`) || strings.Contains(kept, `"BUILD"`) {
		t.Errorf("the snapshot has no active server: %s", kept)
	}

	change := func() {
		for _, server := range servers(t, c, token) {
			_, _ = send(t, c, token, "DELETE", "/v2.1/servers/"+server, "", 204)
		}
		c.Settle()
		_, _ = send(t, c, token, "DELETE", "/image/v2/images/"+image.ID, "", 204)
		ask(t, c, "POST", "/seed", "servers:\n- {name: other}\nrequests:\n"+
			"- {as: admin, do: \"POST /identity/v3/projects\", body: {project: {name: later}}}\n"+
			"- {as: admin, do: \"POST /v2.1/flavors\", body: {flavor: {name: big, ram: 1, vcpus: 1, disk: 1, id: big}}}\n", 204)
		ask(t, c, "PUT", "/clock", `{"advance": "20h"}`, 200)
		ask(t, c, "POST", "/faults", `{"request": "GET /v2.1", "status": 503, "times": -1}`, 204)
		ask(t, c, "PUT", "/hosts/compute-1", `{"up": false}`, 204)
	}
	check := func() {
		t.Helper()
		if got := all(); got != kept {
			t.Errorf("got %s\nwant %s", got, kept)
		}
		if _, text := send(t, c, token, "GET", file, "", 200); string(text) != "content" {
			t.Errorf("the image has %q", text)
		}
		_, projects := send(t, c, admin, "GET", "/identity/v3/projects", "", 200)
		_, flavors := send(t, c, token, "GET", "/v2.1/flavors", "", 200)
		if !strings.Contains(string(projects), `"kept"`) || strings.Contains(string(projects), `"later"`) || strings.Contains(string(flavors), `"big"`) {
			t.Errorf("there are %s %s", projects, flavors)
		}
		if state := ask(t, c, "GET", "/state", "", 200); strings.Contains(state, `"up":false`) || !strings.Contains(state, `"faults":[]`) {
			t.Errorf("the cloud has faults: %s", state)
		}
		server := servers(t, c, token)[0]
		_, _ = send(t, c, token, "POST", "/v2.1/servers/"+server+"/action", `{"os-stop": null}`, 202)
		c.Settle()
		_, text := send(t, c, token, "GET", "/v2.1/servers/"+server, "", 200)
		if !strings.Contains(string(text), `"SHUTOFF"`) {
			t.Errorf("a restored server does not stop: %s", text)
		}
	}
	for range 2 {
		change()
		ask(t, c, "POST", "/snapshots/base/restore", "", 204)
		check()
	}
	change()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	c = start(t, state)
	defer c.Close()
	ask(t, c, "POST", "/snapshots/base/restore", "", 204)
	check()

	ask(t, c, "PUT", "/snapshots/a.2", "", 204)
	var list []struct{ Name string }
	if err := json.Unmarshal([]byte(ask(t, c, "GET", "/snapshots", "", 200)), &list); err != nil || len(list) != 2 || list[0].Name != "a.2" {
		t.Errorf("%v %v", list, err)
	}
	ask(t, c, "DELETE", "/snapshots/a.2", "", 204)
	for request, says := range map[string]string{
		"DELETE /snapshots/a.2":        `there is no snapshot "a.2": there are base`,
		"POST /snapshots/none/restore": "there are base",
		"PUT /snapshots/.hidden":       "begin with a dot",
		"PUT /snapshots/a%2Fb":         "64 letters",
		"PUT /snapshots/a?force=1":     "the request has none",
	} {
		method, path, _ := strings.Cut(request, " ")
		if text := ask(t, c, method, path, "", http.StatusBadRequest); !strings.Contains(strings.ReplaceAll(text, `\"`, `"`), says) {
			t.Errorf("%s: %s", request, text)
		}
	}
	if entries, err := os.ReadDir(filepath.Join(state, "snapshots")); err != nil || len(entries) != 1 {
		t.Errorf("%v %v", entries, err)
	}
}

// TestRestoreInterrupts restores a state while a step hangs and others take long.
func TestRestoreInterrupts(t *testing.T) {
	t.Parallel()
	c := start(t, "")
	defer c.Close()
	token := loggedIn(t, c.URL, "demo")
	ask(t, c, "PUT", "/snapshots/empty", "", 204)
	ask(t, c, "PUT", "/build-time", `{"time": "1h"}`, 204)
	ask(t, c, "POST", "/seed", "servers:\n- {name: slow, count: 3}\n- {name: stuck, metadata: {\"dev:hang\": \"1\"}}\n", 204)
	ask(t, c, "POST", "/snapshots/empty/restore", "", 204)
	c.Settle()
	if left := servers(t, c, token); len(left) > 0 {
		t.Errorf("servers are left: %v", left)
	}
	ask(t, c, "PUT", "/build-time", `{"time": "0s"}`, 204)
	ask(t, c, "POST", "/seed", "servers:\n- {name: new}\n", 204)
	settles(t, c, `"status":"ACTIVE"`)
}

// servers returns the ids of the servers that a token sees.
func servers(t *testing.T, c *devcloud.Cloud, token string) []string {
	t.Helper()
	_, text := send(t, c, token, "GET", "/v2.1/servers", "", 200)
	var list struct{ Servers []struct{ ID string } }
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, s := range list.Servers {
		ids = append(ids, s.ID)
	}
	return ids
}

// whole returns a dump without what changes by itself: the times of reports.
func whole(t *testing.T, text string) string {
	t.Helper()
	var dump map[string]any
	if err := json.Unmarshal([]byte(text), &dump); err != nil {
		t.Fatal(err)
	}
	list, _ := dump["servers"].([]any)
	slices.SortFunc(list, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	sorted, err := json.Marshal(dump)
	if err != nil {
		t.Fatal(err)
	}
	return string(sorted)
}
