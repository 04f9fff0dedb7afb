package devcloud_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/nova-go/nova/compute/devcloud"
)

// build is what a client does: it logs in, builds a server, polls it, and stops it. polls is how
// often it asks.
func build(t *testing.T, c *devcloud.Cloud, name string, polls int) {
	t.Helper()
	token := loggedIn(t, c.URL, "demo")
	_, _ = send(t, c, token, "GET", "/v2.1/flavors/1", "", 200)
	_, text := send(t, c, token, "POST", "/v2.1/servers", `{"server": {"name": "`+name+`", "flavorRef": "1", `+fromCirros+`"networks": "none", "adminPass": "hush"}}`, 202,
		"X-OpenStack-Nova-API-Version: 2.37")
	var made struct{ Server struct{ ID string } }
	if err := json.Unmarshal(text, &made); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	for range polls {
		_, _ = send(t, c, token, "GET", "/v2.1/servers/"+made.Server.ID, "", 200)
	}
	_, _ = send(t, c, token, "POST", "/v2.1/servers/"+made.Server.ID+"/action", `{"os-stop": null}`, 202)
	c.Settle()
}

// expectations is the answer of GET /dev/expectations.
type expectations struct {
	Expected, Met int
	Missing       []string
	Unexpected    *struct{ Request, Why string }
}

func expected(t *testing.T, c *devcloud.Cloud) (x expectations) {
	t.Helper()
	if err := json.Unmarshal([]byte(ask(t, c, "GET", "/expectations", "", 200)), &x); err != nil {
		t.Fatal(err)
	}
	return x
}

// TestRecordingIsExpected records a client, and expects the same of another run.
func TestRecordingIsExpected(t *testing.T) {
	t.Parallel()
	c := start(t, "")
	defer c.Close()
	ask(t, c, "POST", "/recording", "", 204)
	build(t, c, "web", 3)
	recording := ask(t, c, "GET", "/recording", "", 200)
	for _, secret := range []string{"hush", `"secret"`, "X-Subject-Token"} {
		if strings.Contains(recording, secret) {
			t.Errorf("%s has been recorded: %s", secret, recording)
		}
	}
	var recorded struct {
		Requests []struct {
			Request, Version string
			Body, Answer     any
			Status           int
		}
	}
	if err := json.Unmarshal([]byte(recording), &recorded); err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, r := range recorded.Requests {
		list = append(list, fmt.Sprint(r.Request, " ", r.Status))
	}
	if want := "POST /identity/v3/auth/tokens 201, GET /v2.1/flavors/1 200, POST /v2.1/servers 202"; !strings.HasPrefix(strings.Join(list, ", "), want) || len(list) != 7 {
		t.Fatalf("recorded: %v", list)
	}
	if made := recorded.Requests[2]; made.Version != "compute 2.37" || !strings.Contains(fmt.Sprint(made.Body), "adminPass:***") || !strings.Contains(fmt.Sprint(made.Answer), "adminPass:***") {
		t.Errorf("%v", made)
	}

	for polls, name := range map[int]string{1: "fewer", 3: "as many", 9: "more"} { // the time of a build varies
		t.Log(name)
		ask(t, c, "PUT", "/expectations", recording, 204)
		build(t, c, "web", polls)
		if x := expected(t, c); x.Met != x.Expected || len(x.Missing) > 0 || x.Unexpected != nil {
			t.Errorf("%d polls: %+v", polls, x)
		}
	}

	ask(t, c, "DELETE", "/expectations", "", 204)
	token := loggedIn(t, c.URL, "demo")
	fails := func(says, method, path, body string, before ...string) {
		t.Helper()
		ask(t, c, "PUT", "/expectations", recording, 204)
		_ = loggedIn(t, c.URL, "demo")
		for _, b := range before {
			m, p, _ := strings.Cut(b, " ")
			_, _ = send(t, c, token, m, p, "", 200)
		}
		_, text := send(t, c, token, method, path, body, http.StatusBadRequest, "X-OpenStack-Nova-API-Version: 2.37")
		x := expected(t, c)
		if x.Unexpected == nil || !strings.Contains(x.Unexpected.Why, says) || !strings.Contains(string(text), `"code":400`) {
			t.Errorf("%s: %+v", text, x)
		}
		_, _ = send(t, c, token, "GET", "/v2.1/flavors/1", "", http.StatusBadRequest) // everything fails from now on
	}
	fails(`request 2 is not the expected GET /v2.1/flavors/1: the request: it is "GET /v2.1/flavors/2", not "GET /v2.1/flavors/1"`, "GET", "/v2.1/flavors/2", "")
	const server = `{"server": {"name": "%s", "flavorRef": "1", ` + fromCirros + `"networks": "none", "adminPass": "other"%s}}`
	fails(`body.server.name: it is "db", not "web"`, "POST", "/v2.1/servers", fmt.Sprintf(server, "db", ""), "GET /v2.1/flavors/1")
	fails("body.server.tags: it is not expected", "POST", "/v2.1/servers", fmt.Sprintf(server, "web", `, "tags": []`), "GET /v2.1/flavors/1")
	fails("body.server.networks: it is missing", "POST", "/v2.1/servers", strings.Replace(fmt.Sprintf(server, "web", ""), `"networks": "none", `, "", 1), "GET /v2.1/flavors/1")

	// Another server than the one that was built is another id.
	ask(t, c, "DELETE", "/expectations", "", 204)
	_, others := send(t, c, token, "GET", "/v2.1/servers", "", 200)
	var old struct{ Servers []struct{ ID string } }
	if err := json.Unmarshal(others, &old); err != nil {
		t.Fatal(err)
	}
	ask(t, c, "PUT", "/expectations", recording, 204)
	_ = loggedIn(t, c.URL, "demo")
	_, _ = send(t, c, token, "GET", "/v2.1/flavors/1", "", 200)
	_, _ = send(t, c, token, "POST", "/v2.1/servers", fmt.Sprintf(server, "web", ""), 202, "X-OpenStack-Nova-API-Version: 2.37")
	_, _ = send(t, c, token, "GET", "/v2.1/servers/"+old.Servers[0].ID, "", 400)
	x := expected(t, c)
	if x.Met != 3 || fmt.Sprint(len(x.Missing)) != "2" || !strings.Contains(x.Unexpected.Why, "the request: it is") {
		t.Errorf("%+v", x)
	}

	ask(t, c, "PUT", "/expectations", `{"requests": [{"request": "POST /v2.1/servers", "body": {"server": "*"}}]}`, 204)
	_, _ = send(t, c, token, "POST", "/v2.1/servers", fmt.Sprintf(server, "any", ""), 202, "X-OpenStack-Nova-API-Version: 2.37")
	_, _ = send(t, c, token, "DELETE", "/v2.1/servers/x", "", 400)
	if x := expected(t, c); !strings.Contains(x.Unexpected.Why, "no further request is expected") {
		t.Errorf("%+v", x)
	}
	ask(t, c, "POST", "/reset", "", 204)
	if x := expected(t, c); x.Expected != 0 || !strings.Contains(ask(t, c, "GET", "/recording", "", 200), `"requests":[]`) {
		t.Errorf("a reset leaves %+v", x)
	}
	for body, says := range map[string]string{
		`{}`: "requests", `{"requests": []}`: "a list of requests", `{"requests": [{"request": "x"}]}`: "requests[0]: request",
		`{"requests": [{"request": "GET /", "bodies": 1}]}`:               `requests[0]: there is no member \"bodies\"`,
		`{"requests": [{"request": "GET /"}], "left_out": 2}`:             "left_out: the recording lacks 2 requests",
		`{"requests": [{"request": "GET /"}, {"request": "TAKE /v2.1"}]}`: "requests[1]: request: there is no method of HTTP",
	} {
		if text := ask(t, c, "PUT", "/expectations", body, 400); !strings.Contains(text, says) {
			t.Errorf("%s: %s", body, text)
		}
	}
}

// TestRecordingHasBounds records bodies that are long or no JSON by their length, and at most 1,000 requests.
func TestRecordingHasBounds(t *testing.T) {
	t.Parallel()
	c := start(t, "")
	defer c.Close()
	token := loggedIn(t, c.URL, "demo")
	ask(t, c, "POST", "/recording", "", 204)
	_, text := send(t, c, token, "POST", "/image/v2/images", `{"name": "i", "disk_format": "raw", "container_format": "bare"}`, 201)
	var image struct{ ID string }
	if err := json.Unmarshal(text, &image); err != nil {
		t.Fatal(err)
	}
	content := strings.Repeat("x", 100<<10)
	_, _ = send(t, c, token, "PUT", "/image/v2/images/"+image.ID+"/file", content, 204)
	_, text = send(t, c, token, "GET", "/image/v2/images/"+image.ID+"/file", "", 200)
	if string(text) != content {
		t.Errorf("%d bytes", len(text))
	}
	recording := ask(t, c, "GET", "/recording", "", 200)
	if strings.Contains(recording, "xxx") || !strings.Contains(recording, `"body_bytes":102400`) || !strings.Contains(recording, `"answer_bytes":102400`) {
		t.Errorf("%.2000s", recording)
	}
	for range 1000 {
		_, _ = send(t, c, "", "GET", "/volume/v3", "", 300)
	}
	var out struct {
		Requests []any
		LeftOut  int `json:"left_out"`
	}
	if err := json.Unmarshal([]byte(ask(t, c, "GET", "/recording", "", 200)), &out); err != nil || len(out.Requests) != 1000 || out.LeftOut != 3 {
		t.Errorf("%d requests, %d left out, %v", len(out.Requests), out.LeftOut, err)
	}
	ask(t, c, "DELETE", "/recording", "", 204)
}
