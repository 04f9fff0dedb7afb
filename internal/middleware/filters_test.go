package middleware_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/internal/middleware"
	"github.com/nova-go/nova/internal/middleware/filter/filtertest"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/paste"
)

type handler = http.HandlerFunc

func body(t testing.TB, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func ok(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "fine") }

// The helpers that tests of filters share.
var (
	serve  = filtertest.Serve
	lines  = filtertest.Lines
	show   = filtertest.Show
	plain  = filtertest.Plain
	steady = filtertest.Steady
)

func TestRequestID(t *testing.T) {
	const inbound = "req-0abc0000-0000-0000-0000-000000000000"
	for _, test := range []struct{ sent, global string }{{"", ""}, {inbound, inbound}, {"req-nope", ""}, {inbound + "x", ""}, {"REQ-0ABC0000-0000-0000-0000-000000000000", ""}} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("X-OpenStack-Request-ID", test.sent)
		var rec middleware.Record
		resp := serve(t, r, handler(func(w http.ResponseWriter, r *http.Request) { rec = *middleware.RecordOf(r.Context()) }), middleware.ComputeRequestID())
		if rec.GlobalRequestID != test.global || !regexp.MustCompile(`^req-[0-9a-f-]{36}$`).MatchString(rec.RequestID) {
			t.Errorf("%q: %+v", test.sent, rec)
		}
		for _, name := range []string{"x-compute-request-id", "x-openstack-request-id"} {
			if got := resp.Header.Get(name); got != rec.RequestID {
				t.Errorf("%s = %q, not %q", name, got, rec.RequestID)
			}
		}
	}
}

func TestFaultWrap(t *testing.T) {
	logger, out := lines()
	resp := serve(t, httptest.NewRequest("GET", "/x", nil), handler(func(http.ResponseWriter, *http.Request) { panic("secret") }),
		middleware.ComputeRequestID(), middleware.FaultWrap(middleware.FaultWrapOptions{Log: logger}))
	want := `{"computeFault": {"code": 500, "message": "The server has either erred or is incapable of performing the requested operation."}}`
	if got := body(t, resp); resp.StatusCode != 500 || got != want {
		t.Errorf("%d %s", resp.StatusCode, got)
	}
	for _, part := range []string{"ERROR nova.api.openstack [None req-", "Caught error: secret", "filters_test.go", "http://example.com/x returned with HTTP 500"} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("log lacks %q:\n%s", part, out)
		}
	}
}

func TestFaultWrapAfterHeader(t *testing.T) {
	defer func() {
		if r := recover(); r != http.ErrAbortHandler {
			t.Errorf("recovered %v", r)
		}
	}()
	serve(t, httptest.NewRequest("GET", "/x", nil), handler(func(w http.ResponseWriter, r *http.Request) { ok(w, r); panic("late") }),
		middleware.FaultWrap(middleware.FaultWrapOptions{Log: zerolog.Nop()}))
}

func TestRequestLog(t *testing.T) {
	logger, out := lines()
	app := handler(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-OpenStack-Nova-API-Version", "2.15")
		w.Header().Set("Vary", "OpenStack-API-Version, X-OpenStack-Nova-API-Version,Accept")
		w.WriteHeader(202)
		_, _ = io.WriteString(w, "0123456789")
	})
	user := middleware.NoAuth(middleware.NoAuthOptions{})
	r := httptest.NewRequest("GET", "/ser%20vers?limit=1", nil)
	r = paste.WithScriptName(r, "/v2")
	r.Header.Set("X-Auth-Token", "ann:demo")
	resp := serve(t, r, app, middleware.RequestLog(middleware.RequestLogOptions{Log: logger}), user, middleware.LegacyV2Compatible())
	want := regexp.MustCompile(`^INFO nova\.api\.openstack\.requestlog \[None req-[0-9a-f-]{36} ann demo\] 192\.0\.2\.1 "GET /v2/ser vers\?limit=1" status: 202 len: 10 microversion: 2\.15 time: 0\.\d{6}\n$`)
	if !want.MatchString(out.String()) {
		t.Errorf("line %s", out)
	}
	if got := resp.Header.Get("Vary"); got != "Accept" || resp.Header.Get("X-OpenStack-Nova-API-Version") != "" {
		t.Errorf("Vary %q, headers %v", got, resp.Header)
	}
}

func TestLegacyV2HidesVersions(t *testing.T) {
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("OpenStack-API-Version", "compute 2.50")
	r.Header.Set("X-OpenStack-Nova-API-Version", "2.50")
	serve(t, r, handler(func(w http.ResponseWriter, r *http.Request) {
		if !reqctx.LegacyV2(r.Context()) || len(r.Header) != 0 {
			t.Errorf("legacy %v, headers %v", reqctx.LegacyV2(r.Context()), r.Header)
		}
	}), middleware.LegacyV2Compatible())
	if r.Header.Get("OpenStack-API-Version") == "" {
		t.Error("the caller's own header map was changed")
	}
}

func TestSizeLimit(t *testing.T) {
	limit := middleware.SizeLimit(middleware.SizeLimitOptions{MaxBody: 10, Log: zerolog.Nop()})
	read := handler(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			if _, ok := errors.AsType[*http.MaxBytesError](err); !ok {
				t.Errorf("error %v", err)
			}
			http.Error(w, "unreadable", 400)
			return
		}
		_, _ = w.Write(b)
	})
	send := func(text string, chunked bool, accept string) *http.Response {
		r := httptest.NewRequest("POST", "/", io.NopCloser(strings.NewReader(text)))
		r.ContentLength = int64(len(text))
		if chunked {
			r.ContentLength = -1
		}
		r.Header.Set("Accept", accept)
		return serve(t, r, read, limit)
	}
	for _, chunked := range []bool{false, true} {
		if resp := send("0123456789", chunked, ""); resp.StatusCode != 200 || body(t, resp) != "0123456789" {
			t.Errorf("chunked %v: %d", chunked, resp.StatusCode)
		}
	}
	resp := send("0123456789a", false, "application/json")
	if got := body(t, resp); resp.StatusCode != 413 || resp.Header.Get("Content-Type") != "application/json" ||
		got != `{"message": "Request is too large. Larger than max_request_body_size (%s).<br /><br />\n\n\n", "code": "413 Request Entity Too Large", "title": "Request Entity Too Large"}` {
		t.Errorf("%d %v %s", resp.StatusCode, resp.Header, got)
	}
	if resp := send("0123456789a", false, "*/*"); len(body(t, resp)) != 213 || resp.Header.Get("Content-Length") != "213" { // the length of Nova's own answer
		t.Errorf("HTML: %v", resp.Header)
	}
	resp = send("0123456789a", true, "application/json")
	if got := body(t, resp); resp.StatusCode != 413 || !strings.HasPrefix(got, `{"message": "Request is too large. Larger than 10.<br`) {
		t.Errorf("chunked: %d %s", resp.StatusCode, got)
	}
}

func TestProxyHeaders(t *testing.T) {
	for name, test := range map[string]struct {
		header map[string]string
		off    bool
		want   string // scheme host remote script
	}{
		"none":      {want: " example.com 192.0.2.1:1234 /v2.1"},
		"off":       {off: true, header: map[string]string{"X-Forwarded-Proto": "https"}, want: " example.com 192.0.2.1:1234 /v2.1"},
		"old":       {header: map[string]string{"X-Forwarded-Proto": "https", "X-Forwarded-Host": "api:8774", "X-Forwarded-For": "1.2.3.4, 5.6.7.8"}, want: "https api:8774 1.2.3.4, 5.6.7.8 /v2.1"},
		"rfc7239":   {header: map[string]string{"Forwarded": "For=9.9.9.9; proto=https;host=h, for=8.8.8.8;proto=ftp", "X-Forwarded-Proto": "gopher"}, want: "https h 9.9.9.9 /v2.1"},
		"prefix":    {header: map[string]string{"X-Forwarded-Prefix": "/compute"}, want: " example.com 192.0.2.1:1234 /compute/v2.1"},
		"forwarded": {header: map[string]string{"Forwarded": "garbage", "X-Forwarded-Host": "h"}, want: " example.com 192.0.2.1:1234 /v2.1"},
	} {
		r := paste.WithScriptName(httptest.NewRequest("GET", "/", nil), "/v2.1")
		for k, v := range test.header {
			r.Header.Set(k, v)
		}
		serve(t, r, handler(func(w http.ResponseWriter, r *http.Request) {
			if got := strings.Join([]string{r.URL.Scheme, r.Host, r.RemoteAddr, paste.ScriptName(r)}, " "); got != test.want {
				t.Errorf("%s: %q, not %q", name, got, test.want)
			}
		}), middleware.ProxyHeaders(middleware.ProxyHeadersOptions{Enabled: !test.off}))
	}
}

func TestCORS(t *testing.T) {
	o := middleware.CORSOptions{
		AllowedOrigins: []string{"http://ui"}, AllowCredentials: true, ExposeHeaders: []string{"X-A", "X-B"}, MaxAge: 60,
		AllowMethods: []string{"GET"}, AllowHeaders: []string{"X-Auth-Token"}, Log: zerolog.Nop(),
	}
	app := handler(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Compute-Request-Id", "req")
		if r.Method == "OPTIONS" && r.URL.Path != "/" {
			http.Error(w, "no", 404)
			return
		}
		w.Header().Set("Vary", "Accept")
		ok(w, r)
	})
	do := func(o middleware.CORSOptions, method, path string, header ...string) *http.Response {
		r := httptest.NewRequest(method, path, nil)
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		return serve(t, r, app, middleware.CORS(o))
	}
	has := func(what string, r *http.Response, status int, text string, header ...string) {
		t.Helper()
		if got := body(t, r); r.StatusCode != status || got != text {
			t.Errorf("%s: %d %q", what, r.StatusCode, got)
		}
		for i := 0; i < len(header); i += 2 {
			if got := r.Header.Get(header[i]); got != header[i+1] {
				t.Errorf("%s: %s is %q, not %q", what, header[i], got, header[i+1])
			}
		}
	}
	const origin, want, method = "Origin", "Access-Control-Allow-Origin", "Access-Control-Request-Method"
	has("plain", do(o, "GET", "/x"), 200, "fine", want, "")
	has("ours", do(o, "GET", "/x", origin, "http://ui"), 200, "fine", want, "http://ui", "Vary", "Accept,Origin",
		"Access-Control-Allow-Credentials", "true", "Access-Control-Expose-Headers", "X-A,X-B")
	has("other", do(o, "GET", "/x", origin, "http://evil"), 200, "fine", want, "", "Vary", "Accept")
	has("options without CORS", do(middleware.CORSOptions{Log: zerolog.Nop()}, "OPTIONS", "/x"), 200, "", "Content-Length", "0", "X-Compute-Request-Id", "", "Content-Type", "")
	has("options that works", do(o, "OPTIONS", "/"), 200, "fine", want, "")
	has("preflight", do(o, "OPTIONS", "/x", origin, "http://ui", method, "GET", "Access-Control-Request-Headers", "x-auth-token, content-type"), 200, "",
		want, "http://ui", "Vary", "Origin", "Access-Control-Max-Age", "60", "Access-Control-Allow-Methods", "GET", "Access-Control-Allow-Headers", "x-auth-token,content-type")
	has("preflight, evil origin", do(o, "OPTIONS", "/x", origin, "http://evil", method, "GET"), 200, "", want, "")
	has("preflight, method", do(o, "OPTIONS", "/x", origin, "http://ui", method, "DELETE"), 200, "", want, "")
	has("preflight, no method", do(o, "OPTIONS", "/x", origin, "http://ui"), 200, "", want, "")
	has("preflight, header", do(o, "OPTIONS", "/x", origin, "http://ui", method, "GET", "Access-Control-Request-Headers", "X-Evil"), 200, "", want, "")
	o.AllowedOrigins = []string{"*"}
	has("any", do(o, "GET", "/x", origin, "http://who"), 200, "fine", want, "*")
}

func TestNoAuth(t *testing.T) {
	f := middleware.NoAuth(middleware.NoAuthOptions{ProjectInPath: true})
	r := httptest.NewRequest("GET", "/v2.1/", nil)
	r.Header.Set("X-Auth-User", "ann")
	resp := serve(t, r, handler(ok), f)
	if resp.StatusCode != 204 || resp.Header.Get("X-Auth-Token") != "ann:admin" || resp.Header.Get("X-Server-Management-Url") != "http://example.com/v2.1/admin" {
		t.Errorf("%d %v", resp.StatusCode, resp.Header)
	}
	for token, want := range map[string]string{"admin": "admin admin true", "ann:demo": "ann demo false"} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("X-Auth-Token", token)
		serve(t, r, handler(func(w http.ResponseWriter, r *http.Request) {
			c := reqctx.From(r.Context())
			admin := " false"
			if c.IsAdmin {
				admin = " true"
			}
			if got := c.UserID + " " + c.ProjectID + admin; got != want {
				t.Errorf("%s: %s", token, got)
			}
		}), f)
	}
}

func TestKeystoneContextFromHeaders(t *testing.T) {
	f := middleware.KeystoneContext(middleware.KeystoneContextOptions{Log: zerolog.Nop(), IsAdmin: func(c *reqctx.Caller) bool { return c.HasRole("admin") }})
	r := httptest.NewRequest("GET", "/", nil)
	for k, v := range map[string]string{
		"X-Auth-Token": "t", "X-User": "old", "X-Tenant": "p", "X-Roles": "admin, member", "X-Is-Admin-Project": "False",
		"X-Service-User-Id": "svc", "X-Service-Roles": "service", "OpenStack-System-Scope": "all",
		"X-Service-Catalog": `[{"type":"compute","name":"nova","endpoints":[]},{"type":"network","name":"neutron","endpoints":[{"publicURL":"u"}]}]`,
	} {
		r.Header.Set(k, v)
	}
	serve(t, r, handler(func(w http.ResponseWriter, r *http.Request) {
		c := reqctx.From(r.Context())
		if c.UserID != "old" || c.ProjectID != "p" || !c.IsAdmin || c.IsAdminProject || c.RemoteAddress != "192.0.2.1" || c.SystemScope != "all" ||
			len(c.Roles) != 2 || c.ServiceUserID != "svc" || len(c.ServiceCatalog) != 1 || c.ServiceCatalog[0].Type != "network" {
			t.Errorf("%+v", c)
		}
	}), f)
	r.Header.Set("X-Service-Catalog", "{")
	if resp := serve(t, r, handler(ok), f); resp.StatusCode != 500 || !strings.Contains(body(t, resp), "Invalid service catalog json.") {
		t.Errorf("catalog: %d", resp.StatusCode)
	}
	resp := serve(t, httptest.NewRequest("GET", "/", nil), handler(ok), f)
	if want := "401 Unauthorized\n\nThis server could not verify that you are authorized to access the document you requested. Either you supplied the wrong credentials (e.g., bad password), or your browser does not understand how to supply the credentials required.\n\n   "; resp.StatusCode != 401 || body(t, resp) != want {
		t.Errorf("nobody: %d", resp.StatusCode)
	}
}
