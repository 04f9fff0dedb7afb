package osprofiler_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	redisserver "github.com/alicebob/miniredis/v2/server"
	"github.com/rs/zerolog"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/middleware"
	"github.com/nova-go/nova/internal/osprofiler"
	"github.com/nova-go/nova/internal/rest"
	"github.com/nova-go/nova/internal/rpc"
)

// recorded is what Python sends for one request (testdata/record.py).
type recorded struct {
	Headers  map[string]string
	Received []map[string]string
	Sent     []struct {
		Topic   string
		Message map[string]any
	}
	TraceInfo map[string]any `json:"trace_info"`
}

var (
	uuids = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}`)
	times = regexp.MustCompile(`"\d{4}-\d\d-\d\d([T ])\d\d:\d\d:\d\d(\.\d{6})?"`)
	other = regexp.MustCompile(`("host":|"port":)("[^"]*"|\d+)`)
)

// comparable replaces what differs between two runs: ids by their order, times, the host and ports.
func comparable(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{}
	text := uuids.ReplaceAllStringFunc(string(b), func(id string) string {
		if seen[id] == "" {
			seen[id] = fmt.Sprintf("id%d", len(seen))
		}
		return seen[id]
	})
	return other.ReplaceAllString(times.ReplaceAllString(text, `"time$1"`), "$1 any")
}

// TestTraceOfARequest compares the notifications and headers of a request with those of Python's osprofiler.
func TestTraceOfARequest(t *testing.T) {
	t.Parallel()
	var want recorded
	b, err := os.ReadFile("testdata/recorded.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &want); err != nil {
		t.Fatal(err)
	}
	memory := rpc.NewMemory()
	messages := memory.Record()
	pool, err := rpc.NewPool(rpc.Options{Memory: memory, Log: zerolog.Nop(),
		Notifications: config.OsloMessagingNotifications{TransportURL: "fake://"}})
	if err != nil {
		t.Fatal(err)
	}
	driver, err := pool.Profiler("controller1", "osapi_compute")
	if err != nil {
		t.Fatal(err)
	}
	profiler := osprofiler.New(osprofiler.Options{Service: "osapi_compute", Requests: true, Failed: func(err error) { t.Error(err) }}, driver)
	database, err := db.Open("sqlite://", db.Options{Profiled: true})
	if err != nil {
		t.Fatal(err)
	}
	defer database.Close()
	var headers []http.Header
	neighbour := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		headers = append(headers, r.Header)
		w.WriteHeader(http.StatusNoContent)
	}))
	defer neighbour.Close()
	session, err := rest.New(rest.Options{Group: "neutron"})
	if err != nil {
		t.Fatal(err)
	}
	broker, err := pool.Client("fake://")
	if err != nil {
		t.Fatal(err)
	}
	var info []byte
	memory.Watch(func(r *rpc.Request) {
		if r.Kind == rpc.KindCast {
			info = r.Context["trace_info"]
		}
	})
	app := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if _, err := database.ExecContext(r.Context(), "SELECT 1"); err != nil {
			t.Error(err)
		}
		ask, err := http.NewRequestWithContext(r.Context(), http.MethodGet, neighbour.URL+"/v2.0/ports?limit=1", nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := session.HTTP().Do(ask)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if err := broker.Cast(r.Context(), nil, rpc.Target{Topic: "conductor"}, "rebuild_instance", nil); err != nil {
			t.Error(err)
		}
	})
	serve := func(change func(http.Header)) {
		r := httptest.NewRequest(http.MethodGet, "/v2.1/servers/a%20b?limit=1&x=%20", nil)
		for name, value := range want.Headers {
			r.Header.Set(name, value)
		}
		change(r.Header)
		f := middleware.Profiler(middleware.ProfilerOptions{HMACKeys: "first, second", Profiler: profiler})
		f(app).ServeHTTP(httptest.NewRecorder(), r)
	}
	serve(func(http.Header) {})
	firstHeaders, firstInfo := headers, info

	// Requests with another signature, or without one, are not traced.
	headers, info = nil, nil
	serve(func(h http.Header) { h.Set("X-Trace-HMAC", strings.Repeat("0", 40)) })
	serve(func(h http.Header) { h.Del("X-Trace-HMAC") })
	serve(func(h http.Header) { h.Del("X-Trace-Info") })
	for _, h := range headers {
		if h.Get("X-Trace-Info") != "" {
			t.Errorf("an untraced request sends %v", h)
		}
	}
	if info != nil {
		t.Errorf("an untraced message has trace_info %s", info)
	}
	if err := profiler.Close(); err != nil {
		t.Fatal(err)
	}

	var got []map[string]any
	for _, m := range messages.Messages() {
		if m.Kind != rpc.KindNotification {
			continue
		}
		var body map[string]any
		if err := json.Unmarshal(m.Body, &body); err != nil {
			t.Fatal(err)
		}
		delete(body, "_unique_id")
		got = append(got, map[string]any{"topic": m.Target.Topic, "message": body})
	}
	var python []map[string]any
	for _, s := range want.Sent {
		python = append(python, map[string]any{"topic": s.Topic, "message": s.Message})
	}
	if g, w := comparable(t, got), comparable(t, python); g != w {
		t.Errorf("sent:\n%s\nPython:\n%s", g, w)
	}
	step := func(n int) string {
		return got[n]["message"].(map[string]any)["payload"].(map[string]any)["trace_id"].(string)
	}
	wantInfo := fmt.Sprintf(`{"hmac_key":"second","base_id":%q,"parent_id":%q}`, want.TraceInfo["base_id"], step(0))
	if string(firstInfo) != wantInfo {
		t.Errorf("trace_info of a message: %s, want %s", firstInfo, wantInfo)
	}
	if len(firstHeaders) != 1 {
		t.Fatalf("the neighbour got %d requests", len(firstHeaders))
	}
	sent := firstHeaders[0].Get("X-Trace-Info")
	if _, ok := osprofiler.Verify(sent, firstHeaders[0].Get("X-Trace-HMAC"), []string{"second"}); !ok {
		t.Error("the neighbour cannot verify the headers")
	}
	plain, _ := base64.URLEncoding.DecodeString(sent)
	reference, _ := base64.URLEncoding.DecodeString(want.Received[0]["X-Trace-Info"])
	if g, w := string(uuids.ReplaceAll(plain, []byte("id"))), string(uuids.ReplaceAll(reference, []byte("id"))); g != w {
		t.Errorf("X-Trace-Info of the neighbour: %s, of Python's: %s", g, w)
	}
	if !strings.Contains(string(plain), step(3)) {
		t.Errorf("%s is not a child of the step %s", plain, step(3))
	}
}

// TestHeadersOfPython verifies and writes the headers that Python has written.
func TestHeadersOfPython(t *testing.T) {
	t.Parallel()
	var want recorded
	b, err := os.ReadFile("testdata/recorded.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &want); err != nil {
		t.Fatal(err)
	}
	at, ok := osprofiler.Verify(want.Headers["X-Trace-Info"], want.Headers["X-Trace-HMAC"], osprofiler.Keys("first, second"))
	if !ok {
		t.Fatal("the headers are not verified")
	}
	if info, signature := at.Headers(); info != want.Headers["X-Trace-Info"] || signature != want.Headers["X-Trace-HMAC"] {
		t.Errorf("headers: %s %s", info, signature)
	}
	for _, info := range []string{"", "?", "W10=", "e30=", base64.URLEncoding.EncodeToString([]byte(`{"base_id": "b", "more": 1}`))} {
		_, signature := osprofiler.Position{}.Headers()
		if _, ok := osprofiler.Verify(info, signature, []string{""}); ok {
			t.Errorf("%q is accepted", info)
		}
	}
}

func TestRedis(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	server.RequireAuth("secret")
	sentinel := miniredis.RunT(t)
	err := sentinel.Server().Register("SENTINEL", func(c *redisserver.Peer, _ string, args []string) {
		if len(args) != 2 || args[1] != "main" {
			c.WriteError("ERR No such master with that name")
			return
		}
		c.WriteStrings([]string{server.Host(), server.Port()})
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]osprofiler.RedisOptions{
		"redis":    {URL: "redis://:secret@" + server.Addr() + "/0", Errors: true},
		"sentinel": {URL: "redissentinel://:secret@" + sentinel.Addr(), Master: "main", Timeout: 5 * time.Second, Errors: true},
	} {
		driver, err := osprofiler.NewRedis(o)
		if err != nil {
			t.Fatal(name, err)
		}
		p := osprofiler.New(osprofiler.Options{Service: "metadata", Failed: func(err error) { t.Error(name, err) }}, driver)
		ctx, stop := osprofiler.Start(p.Begin(context.Background(), osprofiler.Position{HMACKey: "k", BaseID: name}), "wsgi", nil)
		_, fail := osprofiler.Start(ctx, "db", nil)
		fail(map[string]any{"etype": "OperationalError"})
		stop(nil)
		if err := p.Close(); err != nil {
			t.Error(name, err)
		}
		list, err := server.List("osprofiler_opt:" + name)
		if err != nil {
			t.Fatal(name, err)
		}
		var names []string
		for _, text := range list {
			var point osprofiler.Point
			if err := json.Unmarshal([]byte(text), &point); err != nil {
				t.Fatal(err)
			}
			if point.BaseID != name || point.Project != "nova" || point.Service != "metadata" || point.Info["host"] == "" {
				t.Errorf("%s: %s", name, text)
			}
			names = append(names, point.Name)
		}
		if want := []string{"wsgi-stop", "db-stop", "db-start", "wsgi-start"}; !reflect.DeepEqual(names, want) {
			t.Errorf("%s: %v, want %v", name, names, want)
		}
		if text, err := server.Get("osprofiler_error:" + name); err != nil || !strings.Contains(text, `"base_id":"`+name+`"`) {
			t.Errorf("%s: trace with an error: %s %v", name, text, err)
		}
	}
}

// failing is a driver without a server.
type failing struct{ calls *int }

func (f failing) Notify(context.Context, osprofiler.Point) error {
	*f.calls++
	return errors.New("away")
}
func (failing) Close() error { return nil }

// TestFailingDriver has one message for any number of points that cannot be sent, and none for the request.
func TestFailingDriver(t *testing.T) {
	t.Parallel()
	calls, told := 0, 0
	p := osprofiler.New(osprofiler.Options{Failed: func(error) { told++ }}, failing{&calls})
	ctx := p.Begin(context.Background(), osprofiler.Position{})
	for range 10 {
		_, stop := osprofiler.Start(ctx, "db", nil)
		stop(nil)
	}
	if err := p.Close(); err != nil || calls != 20 || told != 1 {
		t.Errorf("%d points, %d messages, %v", calls, told, err)
	}
	_, stop := osprofiler.Start(ctx, "late", nil)
	stop(nil)
	if calls != 20 {
		t.Error("a point was sent after Close")
	}
}
