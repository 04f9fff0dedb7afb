package sites_test

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/internal/middleware"
	"github.com/nova-go/nova/internal/middleware/cadf"
	"github.com/nova-go/nova/internal/middleware/sites"
	"github.com/nova-go/nova/paste"
)

// sapCase is a filter of SAP with requests, and what Python's filter did with them:
// testdata/sapfilters.py has recorded it.
type sapCase struct {
	Filter   string
	Conf     map[string]string
	File     string
	Requests []struct {
		Method, Path, Script, Body, Type string
		Headers                          map[string]string
		Status                           int
		Answer                           *string
	}
	Want struct {
		Error   string
		Answers []sapAnswer
	}
}

type sapAnswer struct {
	Status  int               `json:"status"`
	Body    string            `json:"body"`
	Headers map[string]string `json:"headers"`
	Env     map[string]string `json:"env"`
	Events  []any             `json:"events"`
	Metrics []string          `json:"metrics"`
}

func TestSAPFiltersAsPython(t *testing.T) {
	text, err := os.ReadFile("testdata/sapfilters.json")
	if err != nil {
		t.Fatal(err)
	}
	sapAsPython(t, text)
}

func sapAsPython(t *testing.T, text []byte) {
	var cases []sapCase
	if err := json.Unmarshal(text, &cases); err != nil || len(cases) == 0 {
		t.Fatal(err, len(cases))
	}
	for i, c := range cases {
		got, err := c.run(t)
		if (err != nil) != (c.Want.Error != "") {
			t.Errorf("case %d, %s: error %v, Python's %q", i, c.Filter, err, c.Want.Error)
			continue
		}
		for n, answer := range got {
			r := c.Requests[n]
			if g, w := show(t, answer), show(t, c.Want.Answers[n]); g != w {
				t.Errorf("case %d, %s: %s %s%s %s\ngot  %s\nwant %s", i, c.Filter, r.Method, r.Script, r.Path, r.Body, g, w)
			}
		}
	}
}

// statsd is a fake statsd.
type statsd struct {
	conn       *net.UDPConn
	host, port string
}

func newStatsd(t *testing.T) *statsd {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	host, port, _ := net.SplitHostPort(conn.LocalAddr().String())
	return &statsd{conn, host, port}
}

var measured = regexp.MustCompile(`(duration_seconds|latency_by_api):[0-9.e-]+\|`)

// lines returns n lines of metrics, sorted, without times. On loopback a datagram has arrived
// when the call that sends it returns.
func (s *statsd) lines(t *testing.T, n int) []string {
	t.Helper()
	var all []string
	b := make([]byte, 65000)
	for len(all) < n {
		_ = s.conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		size, err := s.conn.Read(b)
		if err != nil {
			t.Fatalf("%v after %q", err, all)
		}
		for line := range strings.SplitSeq(strings.TrimSpace(string(b[:size])), "\n") {
			all = append(all, measured.ReplaceAllString(line, "$1:TIME|"))
		}
	}
	slices.Sort(all)
	return all
}

// filter builds the filter of a case.
func (c *sapCase) filter(t *testing.T, to *statsd, one **sapAnswer) (func(http.Handler) http.Handler, error) {
	file := ""
	if c.File != "" {
		file = filepath.Join(t.TempDir(), "file.yaml")
		if err := os.WriteFile(file, []byte(c.File), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	conf := func(name, other string) string {
		if v, ok := c.Conf[name]; ok {
			return v
		}
		return other
	}
	is := func(name, other string) bool { return strings.Trim(conf(name, other), `"`) == "true" }
	watcher := sites.WatcherOptions{ServiceType: "compute", StatsdHost: to.host, StatsdPort: to.port, Namespace: "openstack_watcher",
		TargetProjectLabel: true, Log: zerolog.Nop()}
	switch c.Filter {
	case "watcher":
		watcher.MapFile, watcher.ServiceType, watcher.ServiceName = file, conf("service_type", "compute"), conf("cadf_service_name", "")
		watcher.Namespace = conf("statsd_namespace", watcher.Namespace)
		watcher.TargetProjectLabel = is("include_target_project_id_in_metric", "true")
		watcher.UserLabel = is("include_initiator_user_id_in_metric", "false")
		watcher.ProjectFromCatalog = is("target_project_id_from_service_catalog", "false")
		return sites.Watcher(watcher)
	case "ratelimit":
		limit, err := sites.RateLimit(sites.RateLimitOptions{ServiceType: c.Conf["service_type"], By: c.Conf["rate_limit_by"], File: file,
			Store: sites.NewMemoryRates(), StatsdHost: to.host, StatsdPort: to.port, Namespace: "openstack_ratelimit", Log: zerolog.Nop()})
		if err != nil {
			return nil, err
		}
		watch, err := sites.Watcher(watcher)
		return func(next http.Handler) http.Handler { return watch(limit(next)) }, err
	case "translogger":
		return middleware.TransLogger(middleware.TransLoggerOptions{Format: c.Conf["format"], Out: lineWriter(func(line string) {
			(*one).Events = append((*one).Events, transTime.ReplaceAllString(line, "TIME"))
		})})
	case "sapaudit":
		o := sites.SAPAuditOptions{MapFile: file, RecordPayloads: c.Conf["record_payloads"] == "True", Metrics: c.Conf["metrics_enabled"] == "True",
			StatsdHost: to.host, StatsdPort: to.port, Log: zerolog.Nop(),
			Notify: func(e *cadf.Event) { (*one).Events = append((*one).Events, steadySAP(plain(t, e))) }}
		for m := range strings.SplitSeq(c.Conf["ignore_req_list"], ",") {
			o.IgnoreMethods = append(o.IgnoreMethods, strings.ToUpper(strings.TrimSpace(m)))
		}
		return sites.SAPAudit(o)
	}
	return nil, errors.New("no such filter")
}

// lineWriter gives the lines that it gets to a function.
type lineWriter func(line string)

func (w lineWriter) Write(b []byte) (int, error) {
	w(strings.TrimSuffix(string(b), "\n"))
	return len(b), nil
}

var transTime = regexp.MustCompile(`\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}`)

func steadySAP(v any) any {
	e := steady(v).(map[string]any)
	if s, ok := e["eventTime"].(string); ok {
		e["eventTime"] = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$`).ReplaceAllString(s, "TIME")
	}
	return e
}

// run does what sapfilters.py does.
func (c *sapCase) run(t *testing.T) ([]sapAnswer, error) {
	to := newStatsd(t)
	var one *sapAnswer
	filter, err := c.filter(t, to, &one)
	if err != nil {
		return nil, err
	}
	var out []sapAnswer
	for n, r := range c.Requests {
		var body io.Reader
		if r.Body != "" {
			body = strings.NewReader(r.Body)
		}
		req := httptest.NewRequest(r.Method, "/", body)
		req.Proto = "HTTP/1.0"
		req.URL.Path, req.URL.RawQuery, _ = strings.Cut(strings.ReplaceAll(r.Path, "%20", " "), "?")
		for k, v := range r.Headers {
			req.Header.Set(k, v)
		}
		if r.Body != "" {
			req.Header.Set("Content-Type", "application/json")
			if r.Type != "" {
				req.Header.Set("Content-Type", r.Type)
			}
		}
		req = paste.WithScriptName(req, r.Script)
		one = &sapAnswer{}
		if c.Filter == "sapaudit" || c.Filter == "translogger" {
			one.Events = []any{}
		}
		w := httptest.NewRecorder()
		filter(http.HandlerFunc(func(w http.ResponseWriter, r2 *http.Request) {
			if body, _ := io.ReadAll(r2.Body); string(body) != r.Body {
				t.Errorf("the application gets the body %q, not %q", body, r.Body)
			}
			if c.Filter == "watcher" {
				one.Env = environ(sites.WatchedOf(r2.Context()))
			}
			text := "fine"
			w.Header().Set("Content-Type", "text/html; charset=UTF-8")
			if r.Answer != nil {
				text = *r.Answer
				w.Header().Set("Content-Type", "application/json")
			}
			w.Header().Set("Content-Length", strconv.Itoa(len(text)))
			if r.Status == http.StatusNoContent {
				w.Header().Del("Content-Length")
			}
			if r.Status != 0 {
				w.WriteHeader(r.Status)
			}
			if r.Status != http.StatusNoContent {
				_, _ = io.WriteString(w, text)
			}
		})).ServeHTTP(w, req)
		one.Status = w.Code
		if c.Filter == "ratelimit" {
			one.Body, one.Headers = w.Body.String(), map[string]string{}
			for k := range w.Header() {
				if !strings.Contains(k, "Retry") {
					one.Headers[http.CanonicalHeaderKey(k)] = w.Header()[k][0]
				}
			}
		}
		one.Metrics = to.lines(t, len(c.Want.Answers[n].Metrics))
		if one.Metrics == nil {
			one.Metrics = []string{}
		}
		out = append(out, *one)
		c.Want.Answers[n].foldHeaders()
	}
	return out, nil
}

// foldHeaders brings names of headers into Go's form, and drops None.
func (a *sapAnswer) foldHeaders() {
	for k, v := range a.Headers {
		delete(a.Headers, k)
		a.Headers[http.CanonicalHeaderKey(k)] = v
	}
	for k, v := range a.Env {
		if v == "" { // None
			delete(a.Env, k)
		}
	}
}

// environ is what Python's watcher puts into the environment of a request.
func environ(w *sites.Watched) map[string]string {
	env := map[string]string{}
	for name, v := range map[string]string{
		"ACTION": w.Action, "TARGET_TYPE_URI": w.TargetType, "SERVICE_TYPE": w.ServiceType, "CADF_SERVICE_NAME": w.ServiceName,
		"TARGET_PROJECT_ID": w.TargetProjectID, "INITIATOR_PROJECT_ID": w.Initiator.ProjectID, "INITIATOR_PROJECT_NAME": w.Initiator.ProjectName,
		"INITIATOR_PROJECT_DOMAIN_ID": w.Initiator.ProjectDomainID, "INITIATOR_PROJECT_DOMAIN_NAME": w.Initiator.ProjectDomainName,
		"INITIATOR_DOMAIN_ID": w.Initiator.DomainID, "INITIATOR_DOMAIN_NAME": w.Initiator.DomainName, "INITIATOR_USER_ID": w.Initiator.UserID,
		"INITIATOR_USER_NAME": w.Initiator.UserName, "INITIATOR_USER_DOMAIN_ID": w.Initiator.UserDomainID,
		"INITIATOR_USER_DOMAIN_NAME": w.Initiator.UserDomainName, "INITIATOR_HOST_ADDRESS": w.Initiator.HostAddress,
	} {
		if v != "" {
			env["WATCHER."+name] = v
		}
	}
	return env
}
