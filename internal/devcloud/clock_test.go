package devcloud_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
)

// now returns the time of a cloud.
func now(t *testing.T, text string) time.Time {
	t.Helper()
	var clock struct{ Now time.Time }
	if err := json.Unmarshal([]byte(text), &clock); err != nil {
		t.Fatal(err)
	}
	return clock.Now
}

// loggedIn returns a new token of a user, in the project of the same name.
func loggedIn(t *testing.T, url, user string) string {
	t.Helper()
	body := strings.ReplaceAll(`{"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": "USER", "password": "secret",
		"domain": {"name": "Default"}}}}, "scope": {"project": {"name": "USER", "domain": {"name": "Default"}}}}}`, "USER", user)
	q, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/identity/v3/auth/tokens", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Content-Type", "application/json")
	r, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusCreated {
		t.Fatal(r.Status)
	}
	return r.Header.Get("X-Subject-Token")
}

// TestClock stops the clock and sets it forward: times of servers, usage and the expiry of tokens follow, and hosts stay up.
func TestClock(t *testing.T) {
	t.Parallel()
	c := start(t, "")
	defer c.Close()
	began := now(t, ask(t, c, "PUT", "/clock", `{"stopped": true}`, 200))
	if again := now(t, ask(t, c, "GET", "/clock", "", 200)); !again.Equal(began) {
		t.Errorf("the clock runs: %v, %v", began, again)
	}
	ask(t, c, "POST", "/seed", "servers:\n- {name: web}\n", 204)
	settles(t, c, `"name":"web","status":"ACTIVE"`)
	token := loggedIn(t, c.URL, "demo")
	server := func() (s struct{ ID, Created, Updated string }) {
		t.Helper()
		_, text := send(t, c, token, "GET", "/v2.1/servers/detail", "", 200)
		var all struct {
			Servers []struct{ ID, Created, Updated string }
		}
		if err := json.Unmarshal(text, &all); err != nil || len(all.Servers) != 1 {
			t.Fatalf("%s %v", text, err)
		}
		return all.Servers[0]
	}
	seconds := func(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05Z") }
	was := server()
	if was.Created != seconds(began) || was.Updated != seconds(began) {
		t.Errorf("created %s, updated %s at %s", was.Created, was.Updated, seconds(began))
	}
	later := now(t, ask(t, c, "PUT", "/clock", `{"advance": "10h"}`, 200))
	if by := later.Sub(began); by != 10*time.Hour {
		t.Errorf("advanced by %v", by)
	}
	_, _ = send(t, c, token, "POST", "/v2.1/servers/"+was.ID+"/action", `{"os-stop": null}`, 202)
	settles(t, c, `"status":"SHUTOFF"`) // the host is up
	_, zones := send(t, c, loggedIn(t, c.URL, "admin"), "GET", "/v2.1/os-availability-zone/detail", "", 200)
	if !strings.Contains(string(zones), `"available":true`) || strings.Contains(string(zones), `"available":false`) {
		t.Errorf("services are down: %s", zones)
	}
	if is := server(); is.Created != was.Created || is.Updated != seconds(later) {
		t.Errorf("created %s, updated %s at %s", is.Created, is.Updated, seconds(later))
	}
	_, text := send(t, c, token, "GET", "/v2.1/os-simple-tenant-usage/"+projectOf(t, c.URL, token)+"?start="+began.UTC().Format("2006-01-02T15:04:05"), "", 200)
	var usage struct {
		Usage struct {
			Hours float64 `json:"total_hours"`
		} `json:"tenant_usage"`
	}
	if err := json.Unmarshal(text, &usage); err != nil || usage.Usage.Hours < 9.99 || usage.Usage.Hours > 10.01 {
		t.Errorf("%s %v", text, err)
	}
	ask(t, c, "PUT", "/clock", `{"advance": "14h1m"}`, 200)
	_, _ = send(t, c, token, "GET", "/v2.1/servers", "", 401)
	_, _ = send(t, c, loggedIn(t, c.URL, "demo"), "GET", "/v2.1/servers", "", 200)
	if running := now(t, ask(t, c, "PUT", "/clock", `{"stopped": false}`, 200)); running.Before(later.Add(14 * time.Hour)) {
		t.Errorf("the clock went back to %v", running)
	}
	ask(t, c, "POST", "/reset", "", 204)
	if after := now(t, ask(t, c, "GET", "/clock", "", 200)); after.After(time.Now()) {
		t.Errorf("the clock is ahead after a reset: %v", after)
	}
}

// projectOf returns the project of a token.
func projectOf(t *testing.T, url, token string) string {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/identity/v3/auth/tokens", nil)
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("X-Auth-Token", token)
	q.Header.Set("X-Subject-Token", token)
	r, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	var body struct {
		Token struct{ Project struct{ ID string } }
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		t.Fatal(err)
	}
	return body.Token.Project.ID
}
