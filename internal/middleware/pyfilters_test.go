package middleware_test

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/internal/middleware"
	"github.com/nova-go/nova/internal/middleware/cadf"
	"github.com/nova-go/nova/paste"
)

// pyCase is a filter with requests, and what Python's filter of that name did
// with them: testdata/pyfilters.py has recorded it.
type pyCase struct {
	Filter   string
	Conf     map[string]string
	Map      *string
	Users    string
	Requests []struct {
		Method, Path, Script, Body string
		Headers                    map[string]string
		Status                     int
	}
	Want struct {
		Error   string
		Answers []pyAnswer
	}
}

type pyAnswer struct {
	Status int
	Body   string
	Events [][2]any
	Seen   map[string]string
	Stat   string
}

func TestAsPython(t *testing.T) {
	text, err := os.ReadFile("testdata/pyfilters.json")
	if err != nil {
		t.Fatal(err)
	}
	asPython(t, text)
}

func asPython(t *testing.T, text []byte) {
	var cases []pyCase
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

// run does what pyfilters.py does.
func (c *pyCase) run(t *testing.T) ([]pyAnswer, error) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	var one *pyAnswer
	var filter func(http.Handler) http.Handler
	var err error
	udp := func() string { return "" }
	switch c.Filter {
	case "audit":
		o := middleware.AuditOptions{Log: zerolog.Nop(), Notify: func(_ context.Context, name string, e *cadf.Event) {
			one.Events = append(one.Events, [2]any{name, steady(plain(t, e))})
		}}
		if c.Map != nil {
			o.MapFile = write("map.conf", *c.Map)
		}
		for m := range strings.SplitSeq(c.Conf["ignore_req_list"], ",") {
			o.IgnoreMethods = append(o.IgnoreMethods, strings.ToUpper(strings.TrimSpace(m)))
		}
		o.IgnorePaths = strings.Split(c.Conf["ignore_path_list"], ",")
		filter, err = middleware.Audit(o)
	case "basic_auth":
		filter, err = middleware.BasicAuth(middleware.BasicAuthOptions{UserFile: write("users", c.Users), Log: zerolog.Nop()})
	case "correlation_id":
		filter = middleware.CorrelationID()
	case "stats":
		conn, listenErr := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if listenErr != nil {
			t.Fatal(listenErr)
		}
		defer func() { _ = conn.Close() }()
		o := middleware.StatsOptions{Name: c.Conf["name"], RemoveUUID: c.Conf["remove_uuid"] != "", RemoveShortUUID: c.Conf["remove_short_uuid"] != ""}
		if c.Conf["stats_host"] != "" {
			o.Host = conn.LocalAddr().String()
		}
		filter, err = middleware.Stats(o)
		udp = func() string {
			b := make([]byte, 2000)
			_ = conn.SetReadDeadline(time.Now().Add(2 * time.Second))
			n, _ := conn.Read(b)
			return regexp.MustCompile(`:[0-9]+\.[0-9]{6}\|`).ReplaceAllString(string(b[:n]), ":TIME|")
		}
	}
	if err != nil {
		return nil, err
	}
	var out []pyAnswer
	for _, r := range c.Requests {
		req := httptest.NewRequest(r.Method, r.Path, strings.NewReader(r.Body))
		for k, v := range r.Headers {
			req.Header.Set(k, v)
		}
		if host := req.Header.Get("Host"); host != "" {
			req.Host = host
		}
		req = paste.WithScriptName(req, r.Script)
		out = append(out, pyAnswer{})
		one = &out[len(out)-1]
		if c.Filter == "audit" {
			one.Events = [][2]any{}
		}
		w := httptest.NewRecorder()
		filter(http.HandlerFunc(func(w http.ResponseWriter, r2 *http.Request) {
			body, _ := io.ReadAll(r2.Body)
			one.Seen = map[string]string{"body": string(body)}
			for name, key := range map[string]string{"X-User": "HTTP_X_USER", "X-User-Name": "HTTP_X_USER_NAME", "X-Correlation-Id": "HTTP_X_CORRELATION_ID", "Authorization": "HTTP_AUTHORIZATION"} {
				if v := r2.Header.Get(name); v != "" {
					one.Seen[key] = regexp.MustCompile(`^[0-9a-f-]{36}$`).ReplaceAllString(v, "ID")
				}
			}
			if r.Status != 0 {
				w.WriteHeader(r.Status)
			}
			if r.Status != http.StatusNoContent {
				_, _ = io.WriteString(w, "fine")
			}
		})).ServeHTTP(w, req)
		one.Status, one.Body, one.Stat = w.Code, w.Body.String(), udp()
		if r.Status == http.StatusNoContent || r.Method == http.MethodHead {
			one.Body = "" // the recorder keeps what no client would see
		}
	}
	return out, nil
}

// plain is v as JSON has it.

func TestAuditInAPipeline(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "map.conf")
	if err := os.WriteFile(path, []byte("[path_keywords]\nx = y\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	section := "[pipeline:main]\npipeline = f a\n[app:a]\npaste.app_factory = app\n[filter:f]\npaste.filter_factory = keystonemiddleware.audit:filter_factory\n"
	for name, test := range map[string]struct{ conf, ini, err, log string }{
		"nothing by default": {ini: "audit_map_file = " + path},
		"no file":            {ini: "audit_map_file = " + path + "x", err: "audit_map_file: open"},
		"log":                {conf: "[audit_middleware_notifications]\nuse_oslo_messaging = false\n", log: `INFO keystonemiddleware.audit [*] Event type: audit.http.response, Context: {}, Payload: {"typeURI":`},
		"driver":             {conf: "[audit_middleware_notifications]\ndriver = log\n", log: `INFO oslo.messaging.notification.audit.http.request [*] {"event_type":"audit.http.request","message_id":`},
		"general driver":     {conf: "[oslo_messaging_notifications]\ndriver = log\n", log: `INFO oslo.messaging.notification.audit.http.request [*`},
		"without a broker":   {conf: "[audit_middleware_notifications]\ndriver = messagingv2\n", log: `INFO keystonemiddleware.audit [*] Event type: audit.http.request`},
		"routing":            {conf: "[audit_middleware_notifications]\ndriver = routing\n", log: `WARNING keystonemiddleware.audit [*] audit: the notification driver routing is not supported; events go to the log`},
		"no such driver":     {conf: "[audit_middleware_notifications]\ndriver = pigeon\n", err: `there is no notification driver "pigeon"`},
		"ignored":            {conf: "[audit_middleware_notifications]\nuse_oslo_messaging = false\n", ini: "ignore_req_list = GET"},
	} {
		logger, out := lines()
		h, err := loadWith(t, test.conf, section+test.ini+"\n", logger)
		if test.err != "" {
			if err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/x", nil))
		if got := out.String(); test.log == "" && strings.Contains(got, "vent") || !matches(got, test.log) {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// matches looks for a text in which "[*" stands for whatever begins with "[".
func matches(text, want string) bool {
	for i, part := range strings.Split(want, "[*") {
		at := strings.Index(text, part)
		if at < 0 || i > 0 && part == "" && want == "" {
			return false
		}
		text = text[at+len(part):]
	}
	return true
}

func TestDebug(t *testing.T) {
	var out strings.Builder
	r := httptest.NewRequest("POST", "/a?b=c", nil)
	r.Header.Set("X-Auth-Token", "secret")
	resp := serve(t, r, handler(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-A", "b")
		_, _ = io.WriteString(w, "fi")
		_, _ = io.WriteString(w, "ne")
	}), middleware.Debug(middleware.DebugOptions{Out: &out}))
	stars := strings.Repeat("*", 40)
	want := stars + " REQUEST ENVIRON\nREQUEST_METHOD = POST\nSCRIPT_NAME = \nPATH_INFO = /a\nQUERY_STRING = b=c\nREMOTE_ADDR = 192.0.2.1\nSERVER_PROTOCOL = HTTP/1.1\nHTTP_HOST = example.com\nHTTP_X_AUTH_TOKEN = ***\n\n" +
		stars + " RESPONSE HEADERS\nX-A = b\n\n" + stars + " BODY\nfine\n"
	if got := out.String(); got != want || body(t, resp) != "fine" {
		t.Errorf("%s", got)
	}
}

func TestAuditOfAPanic(t *testing.T) {
	var outcomes []string
	f, err := middleware.Audit(middleware.AuditOptions{Log: zerolog.Nop(), Notify: func(_ context.Context, _ string, e *cadf.Event) {
		outcomes = append(outcomes, e.Outcome)
	}})
	if err != nil {
		t.Fatal(err)
	}
	func() {
		defer func() { _ = recover() }()
		serve(t, get(), handler(func(http.ResponseWriter, *http.Request) { panic("x") }), f)
	}()
	if !reflect.DeepEqual(outcomes, []string{"pending", "unknown"}) {
		t.Errorf("%v", outcomes)
	}
}
