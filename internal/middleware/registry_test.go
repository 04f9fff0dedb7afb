package middleware_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/middleware"
	"github.com/nova-go/nova/internal/middleware/filter/filtertest"
	"github.com/nova-go/nova/paste"
)

// load builds a pipeline of a paste file and a nova.conf.
func load(t *testing.T, conf, ini string) (http.Handler, error) {
	t.Helper()
	return loadWith(t, conf, ini, zerolog.Nop())
}

func loadWith(t *testing.T, conf, ini string, log zerolog.Logger) (http.Handler, error) {
	t.Helper()
	return filtertest.Load(t, conf, ini, func(c *config.Config) paste.Registry {
		return middleware.Registry(middleware.Deps{Config: c, Log: log})
	})
}

func TestPaste(t *testing.T) {
	const app = "[app:a]\npaste.app_factory = app\n"
	for name, test := range map[string]struct{ conf, ini, err string }{
		"cors needs a source":  {ini: "[pipeline:main]\npipeline = f a\n[filter:f]\npaste.filter_factory = oslo_middleware.cors:filter_factory\n", err: "allowed_origin or oslo_config_project is required"},
		"cors":                 {ini: "[pipeline:main]\npipeline = f a\n[filter:f]\nuse = egg:oslo.middleware#cors\nallowed_origin = http://x\nmax_age = 1\n"},
		"bad number":           {ini: "[pipeline:main]\npipeline = f a\n[filter:f]\nuse = egg:oslo.middleware#sizelimit\nmax_request_body_size = big\n", err: `option max_request_body_size: "big" is no number`},
		"authtoken's auth_url": {conf: "[keystone_authtoken]\nauth_type = password\n", ini: "[pipeline:main]\npipeline = f a\n[filter:f]\nuse = egg:keystonemiddleware#auth_token\n", err: "[keystone_authtoken] auth_url: is not set, and the plugin password requires it"},
		"authtoken's section":  {conf: "[keystone_authtoken]\nauth_section = k\n[k]\nauth_type = v3kerberos\n", ini: "[pipeline:main]\npipeline = f a\n[filter:f]\npaste.filter_factory = keystonemiddleware.auth_token:filter_factory\n", err: `[k] auth_type: the plugin "v3kerberos" is not supported`},
		"memcache secret":      {conf: "[keystone_authtoken]\nmemcache_security_strategy = mac\nmemcached_servers = h\n", ini: "[pipeline:main]\npipeline = f a\n[filter:f]\npaste.filter_factory = keystonemiddleware.auth_token:filter_factory\nauth_host = stale\n", err: "memcache_secret_key"},
	} {
		_, err := load(t, test.conf, test.ini+app)
		if test.err == "" && err != nil || test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestNames holds the registry to the names that deployments use.
func TestNames(t *testing.T) {
	r := middleware.Registry(middleware.Deps{})
	var missing []string
	for _, name := range []string{
		"nova.api.openstack:FaultWrapper.factory", "nova.api.auth:NovaKeystoneContext.factory", "nova.api.compute_req_id:ComputeReqIdMiddleware.factory",
		"nova.api.openstack.requestlog:RequestLog.factory", "nova.api.openstack:LegacyV2CompatibleWrapper.factory", "nova.profiler:WsgiMiddleware.factory",
		"nova.api.openstack.auth:NoAuthMiddleware.factory", "keystonemiddleware.auth_token:filter_factory", "keystoneclient.middleware.auth_token:filter_factory",
		"oslo_middleware.cors:filter_factory", "oslo_middleware:HTTPProxyToWSGI.factory", "oslo_middleware.http_proxy_to_wsgi:HTTPProxyToWSGI.factory",
		"oslo_middleware:RequestBodySizeLimiter.factory", "oslo_middleware.sizelimit:RequestBodySizeLimiter.factory", "oslo.middleware:RequestBodySizeLimiter.factory",
		"oslo_middleware:RequestId.factory", "oslo_middleware:Healthcheck.factory", "oslo_middleware:Healthcheck.app_factory", "oslo_middleware:CatchErrors.factory",
		"osprofiler.web:WsgiMiddleware.factory", "oslo.middleware#healthcheck", "oslo.middleware#request_id", "oslo.middleware#cors", "oslo.middleware#catch_errors",
		"keystonemiddleware.audit:filter_factory", "keystonemiddleware#audit", "oslo_middleware:Debug.factory", "oslo.middleware#debug",
		"oslo_middleware:BasicAuthMiddleware.factory", "oslo.middleware#basic_auth", "oslo_middleware:CorrelationId.factory", "oslo.middleware#correlation_id",
		"oslo_middleware.stats:StatsMiddleware.factory", "oslo.middleware#tracing",
	} {
		if r[name] == nil {
			missing = append(missing, name)
		}
	}
	slices.Sort(missing)
	if missing != nil {
		t.Errorf("missing: %s", strings.Join(missing, ", "))
	}
}

func TestHealthcheck(t *testing.T) {
	dir := t.TempDir()
	down := filepath.Join(dir, "down")
	h, err := load(t, "", "[app:main]\nuse = egg:oslo.middleware#healthcheck\nbackends = disable_by_file\nallowed_source_ranges = 192.0.2.0/24\ndisable_by_file_path = "+down+"\n")
	if err != nil {
		t.Fatal(err)
	}
	check := func(method, accept, from string) string {
		r := httptest.NewRequest(method, "/", nil)
		r.Header.Set("Accept", accept)
		if from != "" {
			r.RemoteAddr = from
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return fmt.Sprintf("%d %d %s", w.Code, w.Body.Len(), strings.SplitN(w.Body.String(), "\n", 2)[0])
	}
	expect := func(method, accept, from, want string) {
		t.Helper()
		if got := check(method, accept, from); got != want {
			t.Errorf("%s %s: %q, not %q", method, accept, got, want)
		}
	}
	// The lengths are those of Python's answers.
	expect("GET", "", "", "200 2 OK")
	expect("GET", "*/*", "", "200 2 OK")
	expect("HEAD", "", "", "204 0 ")
	expect("GET", "text/html", "", "200 239 <HTML>")
	expect("GET", "application/json", "", "200 62 {")
	expect("GET", "", "198.51.100.1:1", "404 52 404 Not Found")
	if err := os.WriteFile(down, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	expect("GET", "", "", "503 16 DISABLED BY FILE")
	expect("HEAD", "", "", "503 0 ")
	f, err := load(t, "", "[pipeline:main]\npipeline = hc a\n[filter:hc]\npaste.filter_factory = oslo_middleware:Healthcheck.factory\n[app:a]\npaste.app_factory = app\n")
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{"/healthcheck": "", "/": "fine"} {
		w := httptest.NewRecorder()
		f.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if w.Body.String() != want {
			t.Errorf("%s: %q", path, w.Body)
		}
	}
}

func TestHealthcheckWhileNothingCanBeServed(t *testing.T) {
	var away error
	h, err := middleware.Healthcheck(middleware.HealthcheckOptions{Log: zerolog.Nop(), Ready: func(context.Context) error { return away }})
	if err != nil {
		t.Fatal(err)
	}
	for _, away = range []error{nil, errors.New("away"), nil} {
		for method, want := range map[string]int{"GET": 200, "HEAD": 204} {
			if away != nil {
				want = 503
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(method, "/healthcheck", nil))
			if w.Code != want || (want == 503) != (w.Header().Get("Retry-After") == "5") {
				t.Errorf("%s: %d", method, w.Code)
			}
		}
	}
}

func TestHealthcheckBackends(t *testing.T) {
	dir := t.TempDir()
	one, two := filepath.Join(dir, "one"), filepath.Join(dir, "two")
	ask := func(h http.Handler, port int) string {
		r := httptest.NewRequest("GET", "/", nil)
		r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, &net.TCPAddr{Port: port}))
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return fmt.Sprint(w.Code, " ", w.Body)
	}
	app := func(conf, options string) http.Handler {
		h, err := load(t, conf, "[app:main]\npaste.app_factory = oslo_middleware:Healthcheck.app_factory\n"+options)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	expect := func(got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
	ports := app("", "backends = disable_by_files_ports\ndisable_by_file_paths = 8774:"+one+", 8775:"+two+"\n")
	enabled := app("[healthcheck]\nbackends = enable_by_files\nenable_by_file_paths = "+one+","+two+"\n", "")
	expect(ask(enabled, 0), "503 FILE PATH MISSING")
	if err := os.WriteFile(one, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	expect(ask(ports, 8774), "503 DISABLED BY FILE")
	expect(ask(ports, 8775), "200 OK")
	expect(ask(ports, 1), "200 OK")
	expect(ask(enabled, 0), "503 FILE PATH MISSING")
	if err := os.WriteFile(two, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	expect(ask(enabled, 0), "200 OK")
	for _, bad := range []string{"backends = disable_by_files_ports\ndisable_by_file_paths = x:y\n", "backends = disable_by_file, enable_by_files\n", "allowed_source_ranges = nowhere\n"} {
		if _, err := load(t, "", "[app:main]\nuse = egg:oslo.middleware#healthcheck\n"+bad); err == nil {
			t.Errorf("%s: no error", bad)
		}
	}
}

// FuzzHeaders sends arbitrary headers through the filters that read them.
func FuzzHeaders(f *testing.F) {
	f.Add("for=1.2.3.4;proto=https, for=x", "text/html;q=0.1,application/json", "req-x", "e30=")
	f.Add(";;=,", ";q=;q=x,", "", "{")
	f.Fuzz(func(t *testing.T, forwarded, accept, id, trace string) {
		r := get("Forwarded", forwarded, "Accept", accept, "X-Openstack-Request-Id", id, "X-Trace-Info", trace, "X-Trace-Hmac", id, "Origin", id)
		r.ContentLength = 100
		resp := serve(t, r, handler(ok), middleware.CORS(middleware.CORSOptions{AllowedOrigins: []string{"*"}, Log: zerolog.Nop()}),
			middleware.ProxyHeaders(middleware.ProxyHeadersOptions{Enabled: true}), middleware.ComputeRequestID(),
			middleware.Profiler(middleware.ProfilerOptions{HMACKeys: "k"}), middleware.SizeLimit(middleware.SizeLimitOptions{MaxBody: 10, Log: zerolog.Nop()}))
		if resp.StatusCode != 413 {
			t.Errorf("%d", resp.StatusCode)
		}
	})
}
