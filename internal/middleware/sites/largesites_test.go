package sites_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/clock"
	"github.com/nova-go/nova/internal/middleware"
	"github.com/nova-go/nova/internal/middleware/cadf"
	"github.com/nova-go/nova/internal/middleware/filter/filtertest"
	"github.com/nova-go/nova/internal/middleware/sites"
	"github.com/nova-go/nova/internal/novatest/testproc"
	"github.com/nova-go/nova/paste"
)

type handler = http.HandlerFunc

var (
	serve  = filtertest.Serve
	lines  = filtertest.Lines
	show   = filtertest.Show
	plain  = filtertest.Plain
	steady = filtertest.Steady
)

func ok(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "fine") }

// get returns a request with headers: names and values.
func get(header ...string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/servers", http.NoBody)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

func load(t *testing.T, ini string, log zerolog.Logger) (http.Handler, error) {
	t.Helper()
	return filtertest.Load(t, "", ini, func(c *config.Config) paste.Registry {
		return sites.Registry(middleware.Deps{Config: c, Log: log})
	})
}

// TestLargeSiteFiles has what the factories refuse, and what they only remark. FILE is the file
// that the option names.
func TestLargeSiteFiles(t *testing.T) {
	t.Parallel()
	const watcher, limit, audit = "egg:watcher-middleware#watcher\nconfig_file = FILE", "egg:rate-limit-middleware#rate-limit\nconfig_file = FILE",
		"egg:audit-middleware#cadfaudit\naudit_map_file = FILE"
	const auditHead = "service_type: compute\nprefix: /v2.1\nresources:\n"
	for _, test := range []struct{ section, file, err, log string }{
		{watcher, "", "", ""},
		{watcher, "path_keywords: [servers, {zones: area}]\nkeyword_exclusions:\ncustom_actions: {a: b}\n", "", ""},
		{watcher, "path_keywords: servers\n", "config_file: FILE:1: path_keywords is no list", ""},
		{watcher, "\n\npath_keywords:\n  - {a: b, c: d}\n", "config_file: FILE:4: an element of path_keywords is neither KEYWORD nor KEYWORD: SINGULAR", ""},
		{watcher, "regex_path_mapping:\n- '(?=x)': y\n", "config_file: FILE:2: regex_path_mapping: error parsing regexp: invalid or unsupported Perl syntax: `(?=`", ""},
		{watcher, "path_keywords: [\n", "config_file: FILE:1: did not find expected node content", ""},
		{watcher, "- servers\n", "config_file: FILE:1: the file is no mapping", ""},
		{watcher, "path_keyword: [servers]\n", "", "FILE:1: path_keyword is not read; did you mean path_keywords?"},
		{"egg:watcher-middleware#watcher\nconfig_file = FILE.none", "", "config_file: open FILE.none: no such file or directory", ""},
		{"egg:watcher-middleware#watcher\nstatsd_port = x", "", `option statsd_port (or STATSD_PORT): "x" is no port`, ""},
		{"egg:watcher-middleware#watcher\ntarget_project_id_from_path = yes", "", `option target_project_id_from_path: "yes" is no boolean (true or false)`, ""},
		{"egg:watcher-middleware#watcher\nproject_id_from_path = true", "", "", "option project_id_from_path is not read; did you mean target_project_id_from_path?"},
		{limit, "", "", ""},
		{limit, "rates:\n  default:\n    servers:\n    - {action: create, limit: 2/rm}\n", `config_file: FILE:4: servers: limit: "2/rm" is no rate such as 10r/m or 2r/5m, and not -1`, ""},
		{limit, "rates:\n  default:\n    servers:\n    - {action: create, limit: 0r/m}\n", `servers: limit: "0r/m": the number of requests must be from 1 to 1000000`, ""},
		{limit, "rates:\n  global:\n    servers:\n    - action: create\n", "config_file: FILE:4: servers: a rate needs action and limit", ""},
		{limit, "rates:\n  defaults: {servers: [{action: x, limit: y}]}\n", "", "FILE:2: defaults is not read; did you mean default?"},
		{limit, "ratelimit_response:\n  status: 498 Rate Limited\n  body: no\n", "", "FILE:1: ratelimit_response is not used: it needs status, status_code and body or json_body"},
		{limit, "ratelimit_response: {status: slow, status_code: 1, body: x}\n", `FILE:1: status: "slow" does not begin with a status of HTTP`, ""},
		{limit, "whitelist:\nblacklist: [1, abc]\nservice: compute\n", "", "FILE:3: service is not read"},
		{"egg:rate-limit-middleware#rate-limit\nrate_limit_by = user", "", `option rate_limit_by: "user" is no initiator_project_id, target_project_id or initiator_host_address`, ""},
		{"egg:rate-limit-middleware#rate-limit\nclock_accuracy = 1y", "", `option clock_accuracy: "1y" is no time such as 1ns, 5m or 12h`, ""},
		{"egg:rate-limit-middleware#rate-limit\nlimes_enabled = true", "", "option limes_enabled: limits from Limes are not supported; remove the option, and put the limits into the file of config_file", ""},
		{"egg:rate-limit-middleware#rate-limit\nbackend = etcd", "", `option backend: "etcd" is no redis, memcached or memory`, ""},
		{"egg:rate-limit-middleware#rate-limit\nmax_sleep_time_seconds = long", "", `option max_sleep_time_seconds: "long" is no number of seconds`, ""},
		{audit, auditHead + "  servers:\n", "", ""},
		{audit, "service_type: compute\nprefix: /v2.1\n", "audit_map_file: FILE:1: resources is missing", ""},
		{audit, "service_type: compute\nprefix: '('\nresources: {}\n", "audit_map_file: FILE:2: prefix: error parsing regexp: missing closing )", ""},
		{audit, auditHead + "  servers:\n    custom_actions:\n      boot: launch\n", `audit_map_file: FILE:6: custom_actions: boot: "launch" begins with no action of CADF`, ""},
		{audit, auditHead + "  servers:\n    singleton: maybe\n", `audit_map_file: FILE:5: singleton: "maybe" is no boolean`, ""},
		{audit, auditHead + "  servers:\n    childern: {}\n", "", "FILE:5: childern is not read; did you mean children?"},
		{"egg:audit-middleware#audit\nrecord_payloads = true", "", "audit_map_file is required", ""},
		{"egg:raven#raven\ndsn = https://sentry.example/5", "", "dsn: has no key before the host", ""},
		{"egg:raven#raven\ndsn = ftp://key@sentry.example/5", "", `dsn: the scheme "ftp" is neither http nor https`, ""},
		{"egg:ops-middleware#sentry\ndsn = sync+https://key@sentry.example/a/5?verify_ssl=no", "", `dsn: verify_ssl: "no" is neither 0 nor 1`, ""},
		{"egg:ops-middleware#sentry\nlevel = ERROR\nreleases = 1", "", "", "option releases is not read; did you mean release?"},
		{"egg:ops-middleware#statsd\nstatsd_replace = uuid", "", `option statsd_replace: "uuid" is no list of id and swift`, ""},
		{"egg:Paste#translogger\nformat = %%(URI)s", "", "format: there is no variable URI", ""},
		{"egg:Paste#translogger\nformat = %%(status)d", "", "format: \"%(status)d\" is no variable such as %(REQUEST_URI)s, and no %%", ""},
		{"egg:Paste#translogger\ntime_format = x", "", "there is no option time_format; known are format, logger_name, ", ""},
		{"egg:Paste#translogger\nlogging_level = LOUD", "", `option logging_level: "LOUD" is no level such as INFO`, ""},
	} {
		file := filepath.Join(t.TempDir(), "file.yaml")
		if err := os.WriteFile(file, []byte(test.file), 0o600); err != nil {
			t.Fatal(err)
		}
		text := strings.ReplaceAll("[pipeline:main]\npipeline = f a\n[app:a]\npaste.app_factory = app\n[filter:f]\nuse = "+test.section+"\n", "FILE", file)
		logger, out := lines()
		_, err := load(t, text, logger)
		got := ""
		if err != nil {
			got = strings.ReplaceAll(err.Error(), file, "FILE")
		}
		remarks := strings.ReplaceAll(out.String(), file, "FILE")
		if (test.err == "") != (got == "") || !strings.Contains(got, test.err) || !strings.Contains(remarks, test.log) || test.log == "" && strings.Contains(remarks, "WARNING") {
			t.Errorf("%s %q:\n%s\n%s", test.section, test.file, got, remarks)
		}
	}
}

// countedRates answers what it is told to.
type countedRates struct {
	counted sites.Counted
	err     error
}

func (s *countedRates) Count(context.Context, string, time.Time, int, time.Duration, time.Duration) (sites.Counted, error) {
	return s.counted, s.err
}

func TestRateLimitWaits(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "ratelimit.yaml")
	if err := os.WriteFile(file, []byte("rates: {default: {servers: [{action: read, limit: 2r/m}]}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var slept []time.Duration
	logger, out := lines()
	store := &countedRates{}
	limit, err := sites.RateLimit(sites.RateLimitOptions{ServiceType: "compute", File: file, Store: store, MaxSleep: 20 * time.Second,
		LogSleep: 10 * time.Second, StatsdHost: "127.0.0.1", StatsdPort: "9", Log: logger,
		Sleep: func(_ context.Context, d time.Duration) error { slept = append(slept, d); return nil }})
	if err != nil {
		t.Fatal(err)
	}
	watch, err := sites.Watcher(sites.WatcherOptions{ServiceType: "compute", StatsdHost: "127.0.0.1", StatsdPort: "9", Log: logger})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(c sites.Counted, err error) string {
		store.counted, store.err = c, err
		r := get("X-Project-Id", "p1")
		r = r.WithContext(clock.With(r.Context(), func() time.Time { return time.Unix(1e9, 0) }))
		resp := serve(t, r, handler(ok), watch, limit)
		return fmt.Sprintf("%d %s", resp.StatusCode, resp.Header.Get("Retry-After"))
	}
	for _, step := range []struct {
		counted sites.Counted
		err     error
		want    string
	}{
		{sites.Counted{Remaining: 1}, nil, "200 "},
		{sites.Counted{After: 5 * time.Second, Wait: true}, nil, "200 "},
		{sites.Counted{After: 15 * time.Second, Wait: true}, nil, "200 "},
		{sites.Counted{After: 30*time.Second + time.Millisecond}, nil, "429 31"},
		{sites.Counted{}, errors.New("away"), "200 "},
	} {
		if got := ask(step.counted, step.err); got != step.want {
			t.Errorf("%+v: %q, not %q", step.counted, got, step.want)
		}
	}
	if fmt.Sprint(slept) != "[5s 15s]" {
		t.Errorf("slept %v", slept)
	}
	if text := out.String(); !strings.Contains(text, "request ratelimit_p1_read_servers waits for 15 seconds because of the limit 2r/m") ||
		strings.Contains(text, "waits for 5 ") || !strings.Contains(text, "WARNING rate_limit.rate_limit [-] requests are not limited: away") {
		t.Errorf("the log has %s", text)
	}
}

// TestSentryKeepsNobodyWaiting: Sentry neither answers nor refuses; requests do not notice, and
// what is above the queue is lost.
func TestSentryKeepsNobodyWaiting(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	got, hang := 0, make(chan struct{})
	sentry := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		<-hang
		var event struct{ Message string }
		_ = json.NewDecoder(r.Body).Decode(&event)
		mu.Lock()
		defer mu.Unlock()
		if got++; got == 50 {
			w.Header().Set("Retry-After", "60")
			w.WriteHeader(http.StatusTooManyRequests)
		}
	}))
	defer sentry.Close()
	logger, out := lines()
	filter, err := sites.Sentry(sites.SentryOptions{DSN: strings.Replace(sentry.URL, "//", "//key@", 1) + "/5?timeout=60", Log: logger})
	if err != nil {
		t.Fatal(err)
	}
	broken := handler(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	for range 300 {
		serve(t, get(), broken, filter)
	}
	close(hang)
	testproc.Eventually(t, "the line about lost events", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return got == 50 && strings.Contains(out.String(), "events are lost: Sentry: 429 Too Many Requests")
	})
	serve(t, get(), broken, filter) // in the pause
	if mu.Lock(); got != 50 {
		t.Errorf("Sentry got %d events", got)
	}
	mu.Unlock()
}

func TestSentryOff(t *testing.T) {
	t.Setenv("SENTRY_DSN", "")
	logger, out := lines()
	h, err := load(t, "[pipeline:main]\npipeline = f a\n[app:a]\npaste.app_factory = app\n[filter:f]\nuse = egg:raven#raven\n", logger)
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, get())
	if w.Code != 200 || !strings.Contains(out.String(), "neither the option dsn nor SENTRY_DSN is set") {
		t.Errorf("%d %s", w.Code, out)
	}
}

func TestOpsStatsd(t *testing.T) {
	t.Parallel()
	to := newStatsd(t)
	filter := sites.OpsStatsd(sites.OpsStatsdOptions{StatsdHost: to.host, StatsdPort: to.port, Namespace: "nova", ReplaceIDs: true})
	for path, api := range map[string]string{"/v2.1/servers/f3a1c2d4-0000-4000-8000-0123456789ab/os-interface": "/v2.1/servers/id/os-interface",
		"/v2.1/servers/abc": "/v2.1/servers/id", "/servers/detail.json": "/servers/detail", "/v2.1": "/v2"} {
		r := httptest.NewRequest("GET", path, nil)
		serve(t, r, handler(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) }), filter)
		want := "[nova.latency_by_api:TIME|ms|#method:GET,api:" + api + " nova.requests_total:1|c nova.responses_by_api:1|c|#method:GET,api:" + api +
			",status:404 nova.responses_total:1|c]"
		if got := fmt.Sprint(to.lines(t, 4)); got != want {
			t.Errorf("%s: %s", path, got)
		}
	}
	func() {
		defer func() { _ = recover() }()
		serve(t, get(), handler(func(http.ResponseWriter, *http.Request) { panic("x") }), filter)
	}()
	if got := fmt.Sprint(to.lines(t, 4)); !strings.Contains(got, "api:/servers/Exception,status:none") {
		t.Error(got)
	}
}

// The watcher and the audit of an application that panics.
func TestLargeSitesOfAPanic(t *testing.T) {
	t.Parallel()
	to := newStatsd(t)
	watch, err := sites.Watcher(sites.WatcherOptions{ServiceType: "compute", StatsdHost: to.host, StatsdPort: to.port, Namespace: "w", Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "audit.yaml")
	if err := os.WriteFile(file, []byte("service_type: compute\nprefix: ''\nresources: {servers: }\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var outcome string
	audit, err := sites.SAPAudit(sites.SAPAuditOptions{MapFile: file, Log: zerolog.Nop(), Notify: func(e *cadf.Event) { outcome = e.Outcome }})
	if err != nil {
		t.Fatal(err)
	}
	func() {
		defer func() { _ = recover() }()
		serve(t, get(), handler(func(http.ResponseWriter, *http.Request) { panic("x") }), watch, audit)
	}()
	if got := fmt.Sprint(to.lines(t, 2)); strings.Count(got, "status:unknown") != 2 || outcome != "unknown" {
		t.Errorf("%s %s", got, outcome)
	}
}
