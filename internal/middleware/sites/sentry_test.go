package sites_test

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/nova-go/nova/internal/middleware/sites"
)

// leftOut are members of raven's events that this program does not send, by their path.
var leftOut = map[string]string{
	"extra": "the arguments of the process", "modules": "versions of Python's packages", "repos": "repositories of the application", "time_spent": "always null", "project": "stands in the URL",
	"exception.values.module": "Type has it", "request.headers.X-Auth-Token": "a secret",
	"exception.values.stacktrace.frames.vars": "may be secrets", "exception.values.stacktrace.frames.abs_path": "the binary has no paths",
	"exception.values.stacktrace.frames.context_line": "the binary has no source", "exception.values.stacktrace.frames.pre_context": "the same",
	"exception.values.stacktrace.frames.post_context": "the same",
}

// TestSentryAsRaven compares an event with that of raven, which testdata/ravenevent.py has recorded.
func TestSentryAsRaven(t *testing.T) {
	t.Parallel()
	type recording struct {
		Path, Auth string
		Event      map[string]any
	}
	received := make(chan recording, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		got := recording{Path: r.URL.Path, Auth: r.Header.Get("X-Sentry-Auth")}
		b, err := io.ReadAll(r.Body)
		if err == nil {
			err = json.Unmarshal(b, &got.Event)
		}
		if err != nil {
			t.Error(err)
		}
		received <- got
	}))
	defer server.Close()
	logger, _ := lines()
	filter, err := sites.Sentry(sites.SentryOptions{DSN: strings.Replace(server.URL, "//", "//key:secret@", 1) + "/7", ServerName: "api-1", Site: "site-1", Release: "1.2", Environment: "prod", Log: logger})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "http://nova.example/v2.1/servers/abc?a=1&password=x", strings.NewReader("{}"))
	r.RemoteAddr = "192.0.2.1:1000"
	for name, value := range map[string]string{"Content-Type": "application/json", "Content-Length": "2", "User-Agent": "ua", "X-Auth-Token": "gAAAA", "X-Openstack-Request-Id": "req-1"} {
		r.Header.Set(name, value)
	}
	r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, &net.TCPAddr{IP: net.IPv4(192, 0, 2, 9), Port: 8774}))
	func() {
		defer func() { _ = recover() }()
		filter(handler(func(http.ResponseWriter, *http.Request) { panic("broken") })).ServeHTTP(httptest.NewRecorder(), r)
	}()
	ours := <-received

	var raven recording
	b, err := os.ReadFile("testdata/raven.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &raven); err != nil {
		t.Fatal(err)
	}
	if ours.Path != raven.Path {
		t.Errorf("sent to %s, raven: %s", ours.Path, raven.Path)
	}
	for _, member := range regexp.MustCompile(`sentry_\w+`).FindAllString(raven.Auth, -1) {
		if !strings.Contains(ours.Auth, member+"=") {
			t.Errorf("X-Sentry-Auth has no %s: %s", member, ours.Auth)
		}
	}
	got, want := members("", ours.Event), members("", raven.Event)
	equal := []string{"request.method", "request.url", "request.query_string", "request.headers.Host", "request.headers.Content-Type",
		"request.headers.Content-Length", "request.headers.User-Agent", "request.headers.X-Openstack-Request-Id", "request.env.REMOTE_ADDR",
		"request.env.SERVER_NAME", "request.env.SERVER_PORT", "tags.site", "exception.values.value", "server_name", "release", "environment"}
	for path, value := range want {
		mine, ok := got[path]
		switch {
		case leftOut[path] != "":
			if ok {
				t.Errorf("%s is sent", path)
			}
		case !ok:
			t.Errorf("%s is missing, raven has %v", path, value)
		case slices.Contains(equal, path) && mine != value:
			t.Errorf("%s is %v, raven has %v", path, mine, value)
		}
	}
	for path := range leftOut {
		if _, ok := want[path]; !ok {
			t.Errorf("raven has no %s", path)
		}
	}
}

// members returns the values of an event by their path. Lists have the path of their last item.
func members(path string, v any) map[string]any {
	all := map[string]any{}
	switch v := v.(type) {
	case map[string]any:
		if len(v) == 0 {
			all[path] = "{}"
		}
		for name, value := range v {
			for p, m := range members(strings.TrimPrefix(path+"."+name, "."), value) {
				all[p] = m
			}
		}
	case []any:
		if len(v) == 0 || path != "exception.values" && path != "exception.values.stacktrace.frames" {
			all[path] = "[]"
			break
		}
		return members(path, v[len(v)-1])
	default:
		all[path] = v
	}
	return all
}
