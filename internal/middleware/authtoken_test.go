package middleware_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/middleware"
	"github.com/nova-go/nova/internal/novatest/testproc"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/paste"
)

// fakeKeystone is as much of Keystone as auth_token sees.
type fakeKeystone struct {
	*httptest.Server
	mu     sync.Mutex
	tokens map[string]map[string]any // bodies by token
	own    string                    // the service's valid token

	logins, checks atomic.Int64
	queries        []string
	hold           *sync.WaitGroup // nil, or what the answers about tokens wait for
	down           bool            // answer 500
}

func newKeystone(t testing.TB) *fakeKeystone {
	k := &fakeKeystone{tokens: map[string]map[string]any{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v3/auth/tokens", func(w http.ResponseWriter, r *http.Request) {
		n := k.logins.Add(1)
		var login struct {
			Auth struct {
				Identity struct {
					Password struct {
						User struct{ Name, Password string }
					}
				}
			}
		}
		_ = json.NewDecoder(r.Body).Decode(&login)
		if u := login.Auth.Identity.Password.User; u.Name != "nova" || u.Password != "secret" {
			http.Error(w, `{"error": {}}`, http.StatusUnauthorized)
			return
		}
		k.mu.Lock()
		k.own = fmt.Sprintf("own-%d", n)
		w.Header().Set("X-Subject-Token", k.own)
		k.mu.Unlock()
		w.WriteHeader(201)
		_ = json.NewEncoder(w).Encode(tokenOf("nova", "service", time.Hour, k.URL, "service"))
	})
	mux.HandleFunc("GET /v3/auth/tokens", func(w http.ResponseWriter, r *http.Request) {
		k.checks.Add(1)
		if k.hold != nil {
			k.hold.Wait()
		}
		k.mu.Lock()
		defer k.mu.Unlock()
		k.queries = append(k.queries, r.URL.RawQuery)
		body, ok := k.tokens[r.Header.Get("X-Subject-Token")]
		switch {
		case k.down:
			w.WriteHeader(500)
		case r.Header.Get("X-Auth-Token") != k.own:
			w.WriteHeader(401)
		case !ok, expired(body) && r.URL.Query().Get("allow_expired") == "":
			w.WriteHeader(404)
		default:
			_ = json.NewEncoder(w).Encode(body)
		}
	})
	k.Server = httptest.NewServer(mux)
	t.Cleanup(k.Close)
	return k
}

func expired(body map[string]any) bool {
	at, _ := time.Parse(time.RFC3339, body["token"].(map[string]any)["expires_at"].(string))
	return time.Now().After(at)
}

func tokenOf(user, project string, life time.Duration, url string, roles ...string) map[string]any {
	var list []any
	for _, r := range roles {
		list = append(list, map[string]any{"id": "r-" + r, "name": r})
	}
	domain := map[string]any{"id": "default", "name": "Default"}
	endpoint := func(iface, path string) map[string]any {
		return map[string]any{"id": "e", "region": "RegionOne", "region_id": "RegionOne", "interface": iface, "url": url + path}
	}
	return map[string]any{"token": map[string]any{
		"methods": []any{"password"}, "expires_at": time.Now().Add(life).UTC().Format("2006-01-02T15:04:05.000000Z"),
		"user":    map[string]any{"id": user + "-id", "name": user, "domain": domain},
		"project": map[string]any{"id": project + "-id", "name": project, "domain": domain},
		"roles":   list, "is_admin_project": false,
		"catalog": []any{
			map[string]any{"type": "identity", "name": "keystone", "id": "1", "endpoints": []any{endpoint("internal", "/v3"), endpoint("public", "/")}},
			map[string]any{"type": "network", "name": "neutron", "id": "2", "endpoints": []any{endpoint("public", "/net"), endpoint("admin", "/net-admin")}},
			map[string]any{"type": "compute", "name": "nova", "id": "3", "endpoints": []any{}},
		},
	}}
}

func (k *fakeKeystone) give(token string, body map[string]any) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.tokens[token] = body
}

// filter builds auth_token from a nova.conf and a paste section, as deployments
// do.
func (k *fakeKeystone) filter(t testing.TB, options string, local paste.Conf) func(http.Handler) http.Handler {
	t.Helper()
	file := filepath.Join(t.TempDir(), "nova.conf")
	text := "[keystone_authtoken]\nauth_url = " + k.URL + "/v3\nauth_type = password\nusername = nova\npassword = secret\n" +
		"project_name = service\nuser_domain_name = Default\nproject_domain_name = Default\nwww_authenticate_uri = http://keystone/v3\nhttp_request_max_retries = 0\n" + options
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(config.Sources{Files: []string{file}, NoDefaults: true})
	if err != nil {
		t.Fatal(err)
	}
	r := middleware.Registry(middleware.Deps{Config: cfg, Log: zerolog.Nop()})
	f, err := r["keystonemiddleware.auth_token:filter_factory"].(paste.Filter)(nil, local)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func get(header ...string) *http.Request {
	r := httptest.NewRequest("GET", "/servers", nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

func TestAuthTokenRejects(t *testing.T) {
	k := newKeystone(t)
	k.give("stale", tokenOf("ann", "demo", -time.Minute, k.URL, "member"))
	k.give("good", tokenOf("ann", "demo", time.Hour, k.URL, "member"))
	two := get("X-Auth-Token", "good") // WSGI servers join them
	two.Header.Add("X-Auth-Token", "good")
	f := k.filter(t, "", nil)
	never := handler(func(http.ResponseWriter, *http.Request) { t.Error("passed") })
	for _, r := range []*http.Request{get(), get("X-Auth-Token", "bad"), get("X-Auth-Token", "stale"), get("X-Auth-Token", " "), two} {
		resp := serve(t, r, never, f)
		want := `{"error": {"code": 401, "title": "Unauthorized", "message": "The request you have made requires authentication."}}`
		if got := body(t, resp); resp.StatusCode != 401 || got != want || resp.Header.Get("WWW-Authenticate") != `Keystone uri="http://keystone/v3"` ||
			resp.Header.Get("Content-Type") != "application/json" || resp.Header.Get("Content-Length") != "114" {
			t.Errorf("%d %v %s", resp.StatusCode, resp.Header, got)
		}
	}
}

func TestAuthTokenHeaders(t *testing.T) {
	k := newKeystone(t)
	k.give("good", tokenOf("ann", "demo", time.Hour, k.URL, "member", "reader"))
	app := handler(func(w http.ResponseWriter, r *http.Request) {
		for name, want := range map[string]string{
			"X-Identity-Status": "Confirmed", "X-User-Id": "ann-id", "X-User-Name": "ann", "X-User": "ann", "X-User-Domain-Id": "default", "X-User-Domain-Name": "Default",
			"X-Project-Id": "demo-id", "X-Tenant-Id": "demo-id", "X-Tenant": "demo", "X-Tenant-Name": "demo", "X-Project-Domain-Id": "default",
			"X-Roles": "member,reader", "X-Role": "member,reader", "X-Is-Admin-Project": "False", "X-Auth-Token": "good", "X-Other": "kept",
			"X-Service-User-Id": "", "X-Service-Roles": "", "OpenStack-System-Scope": "", "X-Domain-Id": "", "X-Service-Identity-Status": "",
			"X-Service-Catalog": `[{"type": "identity", "name": "keystone", "endpoints": [{"region": "RegionOne", "internalURL": "` + k.URL + `/v3", "publicURL": "` + k.URL +
				`/"}]}, {"type": "network", "name": "neutron", "endpoints": [{"region": "RegionOne", "publicURL": "` + k.URL + `/net", "adminURL": "` + k.URL + `/net-admin"}]}, {"type": "compute", "name": "nova", "endpoints": []}]`,
		} {
			if got := r.Header.Get(name); got != want {
				t.Errorf("%s is %q, not %q", name, got, want)
			}
		}
		c := reqctx.From(r.Context())
		if c.UserID != "ann-id" || c.ProjectID != "demo-id" || c.AuthToken != "good" || c.IsAdmin || len(c.Roles) != 2 || len(c.ServiceCatalog) != 1 {
			t.Errorf("%+v", c)
		}
	})
	spoofed := get("X-Auth-Token", " good", "X-Roles", "admin", "X-User-Id", "root", "X-Service-User-Id", "svc", "X-Service-Roles", "service", "OpenStack-System-Scope", "all",
		"X-Domain-Id", "d", "X-Is-Admin-Project", "True", "X-Service-Identity-Status", "Confirmed", "X-Service-Catalog", "[]", "X-Other", "kept")
	spoofed.Header.Set("X-Auth-Token", "good")
	contexts := middleware.KeystoneContext(middleware.KeystoneContextOptions{Log: zerolog.Nop()})
	if resp := serve(t, spoofed, app, k.filter(t, "", nil), contexts); resp.StatusCode != 200 {
		t.Errorf("%d", resp.StatusCode)
	}
	if spoofed.Header.Get("X-Roles") != "admin" {
		t.Error("the caller's own header map was changed")
	}
	without := handler(func(w http.ResponseWriter, r *http.Request) {
		if _, ok := r.Header["X-Service-Catalog"]; ok {
			t.Error("catalog where none is wanted")
		}
	})
	serve(t, get("X-Auth-Token", "good"), without, k.filter(t, "include_service_catalog = false\n", nil))
	if got := k.queries[len(k.queries)-1]; got != "nocatalog" {
		t.Errorf("query %q", got)
	}
}

func TestAuthTokenCache(t *testing.T) {
	k := newKeystone(t)
	k.hold = &sync.WaitGroup{}
	k.hold.Add(16)
	k.give("good", tokenOf("ann", "demo", time.Hour, k.URL, "member"))
	h := k.filter(t, "", nil)(handler(ok))
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			w := httptest.NewRecorder()
			k.hold.Done()
			h.ServeHTTP(w, get("X-Auth-Token", "good"))
			if w.Code != 200 {
				t.Errorf("%d", w.Code)
			}
		})
	}
	wg.Wait()
	if k.checks.Load() != 1 || k.logins.Load() != 1 {
		t.Errorf("%d checks, %d logins for 16 requests at once", k.checks.Load(), k.logins.Load())
	}
	// Python's cache outlives the token in Keystone too.
	k.give("good", tokenOf("ann", "demo", -time.Hour, k.URL))
	if resp := serve(t, get("X-Auth-Token", "good"), handler(ok), func(http.Handler) http.Handler { return h }); resp.StatusCode != 200 {
		t.Errorf("cached: %d", resp.StatusCode)
	}
	// No cache.
	k.give("good", tokenOf("ann", "demo", time.Hour, k.URL))
	f := k.filter(t, "", paste.Conf{"token_cache_time": "-1"})
	before := k.checks.Load()
	for range 2 {
		serve(t, get("X-Auth-Token", "good"), handler(ok), f)
	}
	if n := k.checks.Load() - before; n != 2 {
		t.Errorf("%d checks without a cache", n)
	}
}

func TestAuthTokenExpiresInCache(t *testing.T) {
	k := newKeystone(t)
	k.give("short", tokenOf("ann", "demo", 2*time.Second, k.URL, "member"))
	f := k.filter(t, "", nil)
	if resp := serve(t, get("X-Auth-Token", "short"), handler(ok), f); resp.StatusCode != 200 {
		t.Fatalf("fresh: %d", resp.StatusCode)
	}
	testproc.Eventually(t, "it is refused", func() bool { return serve(t, get("X-Auth-Token", "short"), handler(ok), f).StatusCode == 401 })
}

func TestAuthTokenKeystoneAway(t *testing.T) {
	k := newKeystone(t)
	k.give("good", tokenOf("ann", "demo", time.Hour, k.URL, "member"))
	f, late := k.filter(t, "", nil), k.filter(t, "delay_auth_decision = true\n", nil)
	k.down = true
	resp := serve(t, get("X-Auth-Token", "good", "Accept", "application/json"), handler(ok), f)
	want := `{"message": "The server is currently unavailable. Please try again at a later time.<br /><br />\nThe Keystone service is temporarily unavailable.\n\n", "code": "503 Service Unavailable", "title": "Service Unavailable"}`
	if got := body(t, resp); resp.StatusCode != 503 || got != want {
		t.Errorf("500 of Keystone: %d %s", resp.StatusCode, got)
	}
	deferred := handler(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Identity-Status") != "Invalid" || r.Header.Get("X-User-Id") != "" {
			t.Errorf("deferred: %v", r.Header)
		}
		w.WriteHeader(401)
	})
	resp = serve(t, get("X-Auth-Token", "good", "X-User-Id", "root"), deferred, late)
	if resp.Header.Get("WWW-Authenticate") != `Keystone uri="http://keystone/v3"` {
		t.Errorf("deferred 401: %v", resp.Header)
	}
	k.down = false
	if resp := serve(t, get("X-Auth-Token", "good"), handler(ok), f); resp.StatusCode != 200 {
		t.Errorf("back again: %d", resp.StatusCode)
	}
	k.give("other", tokenOf("bob", "demo", time.Hour, k.URL))
	k.Close()
	if resp := serve(t, get("X-Auth-Token", "other"), handler(ok), f); resp.StatusCode != 503 {
		t.Errorf("closed: %d", resp.StatusCode)
	}
}

func TestAuthTokenRenewsLogin(t *testing.T) {
	k := newKeystone(t)
	k.give("one", tokenOf("ann", "demo", time.Hour, k.URL))
	k.give("two", tokenOf("ann", "demo", time.Hour, k.URL))
	f := k.filter(t, "", nil)
	serve(t, get("X-Auth-Token", "one"), handler(ok), f)
	k.own = "revoked"
	if resp := serve(t, get("X-Auth-Token", "two"), handler(ok), f); resp.StatusCode != 200 || k.logins.Load() != 2 {
		t.Errorf("%d after %d logins", resp.StatusCode, k.logins.Load())
	}
}

func TestAuthTokenWrongPassword(t *testing.T) {
	k := newKeystone(t)
	f := k.filter(t, "", paste.Conf{"password": "wrong"})
	if resp := serve(t, get("X-Auth-Token", "x"), handler(ok), f); resp.StatusCode != 503 {
		t.Errorf("%d", resp.StatusCode)
	}
}

func TestAuthTokenServiceTokens(t *testing.T) {
	k := newKeystone(t)
	k.give("user", tokenOf("ann", "demo", time.Hour, k.URL, "member"))
	k.give("stale", tokenOf("ann", "demo", -time.Hour, k.URL, "member"))
	k.give("service", tokenOf("cinder", "service", time.Hour, k.URL, "service"))
	k.give("plain", tokenOf("eve", "demo", time.Hour, k.URL, "member"))
	for _, test := range []struct {
		user, service, options string
		status                 int
		serviceUser            string
	}{
		{"user", "service", "", 200, "cinder-id"},
		{"user", "bad", "", 401, ""},
		{"user", "plain", "", 401, ""}, // no service role
		{"user", "plain", "service_token_roles_required = false\n", 200, "eve-id"},
		{"stale", "service", "", 200, "cinder-id"},
		{"stale", "plain", "service_token_roles_required = false\n", 401, ""},
		{"stale", "", "", 401, ""},
		{"user", "plain", "service_token_roles = other,member\n", 200, "eve-id"},
		{"", "service", "", 401, ""},
	} {
		contexts := middleware.KeystoneContext(middleware.KeystoneContextOptions{Log: zerolog.Nop()})
		resp := serve(t, get("X-Auth-Token", test.user, "X-Service-Token", test.service), handler(func(w http.ResponseWriter, r *http.Request) {
			c := reqctx.From(r.Context())
			if c.ServiceUserID != test.serviceUser || r.Header.Get("X-Service-User-Id") != test.serviceUser || c.UserID != "ann-id" {
				t.Errorf("%+v: %+v", test, c)
			}
		}), k.filter(t, test.options, nil), contexts)
		if resp.StatusCode != test.status {
			t.Errorf("%+v: %d", test, resp.StatusCode)
		}
	}
}

func TestAuthTokenAccessRules(t *testing.T) {
	k := newKeystone(t)
	token := tokenOf("ann", "demo", time.Hour, k.URL, "member")
	token["token"].(map[string]any)["application_credential"] = map[string]any{"access_rules": []any{
		map[string]any{"service": "compute", "method": "GET", "path": "/v2.1/servers/{id}"},
		map[string]any{"service": "compute", "method": "GET", "path": "/v2.1/images/**"},
		map[string]any{"service": "network", "method": "GET", "path": "/v2.1/flavors"},
	}}
	k.give("ruled", token)
	f := k.filter(t, "service_type = compute\n", nil)
	for target, want := range map[string]int{
		"GET /servers/1": 200, "GET /servers/1/ips": 401, "DELETE /servers/1": 401, "GET /images/a/b": 200, "GET /flavors": 401, "GET /servers": 401,
	} {
		method, path, _ := strings.Cut(target, " ")
		r := httptest.NewRequest(method, path, nil)
		r.Header.Set("X-Auth-Token", "ruled")
		if resp := serve(t, paste.WithScriptName(r, "/v2.1"), handler(ok), f); resp.StatusCode != want {
			t.Errorf("%s: %d", target, resp.StatusCode)
		}
	}
	if resp := serve(t, get("X-Auth-Token", "ruled"), handler(ok), k.filter(t, "", nil)); resp.StatusCode != 401 {
		t.Errorf("without service_type: %d", resp.StatusCode)
	}
}

func BenchmarkAuthTokenCached(b *testing.B) {
	k := newKeystone(b)
	k.give("good", tokenOf("ann", "demo", time.Hour, k.URL, "member", "reader"))
	h := k.filter(b, "", nil)(middleware.KeystoneContext(middleware.KeystoneContextOptions{Log: zerolog.Nop()})(handler(func(http.ResponseWriter, *http.Request) {})))
	w := discard{http.Header{}}
	r := get("X-Auth-Token", "good", "Accept", "application/json", "User-Agent", "bench", "Accept-Encoding", "gzip", "OpenStack-API-Version", "compute 2.90")
	h.ServeHTTP(w, r)
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			h.ServeHTTP(w, r)
		}
	})
}

type discard struct{ h http.Header }

func (d discard) Header() http.Header         { return d.h }
func (d discard) Write(b []byte) (int, error) { return io.Discard.Write(b) }
func (d discard) WriteHeader(int)             {}
