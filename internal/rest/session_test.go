package rest_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/rest"
	"github.com/nova-go/nova/internal/rest/keystone"
)

// cloud is a Keystone and a network service.
type cloud struct {
	*httptest.Server
	mu       sync.Mutex
	logins   atomic.Int64
	bodies   []string
	seen     []*http.Request
	life     time.Duration
	answer   int // of the network service and of /v3/projects
	failures int // 503s before that
}

func newCloud(t *testing.T) *cloud {
	c := &cloud{life: time.Hour, answer: 200}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v3/auth/tokens", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		c.mu.Lock()
		c.bodies = append(c.bodies, string(body))
		c.mu.Unlock()
		w.Header().Set("X-Subject-Token", fmt.Sprintf("own-%d", c.logins.Add(1)))
		w.WriteHeader(201)
		endpoint := func(iface, region, path string) map[string]any {
			return map[string]any{"interface": iface, "region": region, "region_id": region, "url": c.URL + path}
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"token": map[string]any{
			"expires_at": time.Now().Add(c.life).UTC().Format("2006-01-02T15:04:05.000000Z"), "project": map[string]any{"id": "service-id"},
			"catalog": []any{
				map[string]any{"type": "identity", "name": "keystone", "endpoints": []any{endpoint("public", "R1", "/v3")}},
				map[string]any{"type": "network", "name": "neutron", "endpoints": []any{endpoint("public", "R1", "/net"), endpoint("internal", "R2", "/net2"), endpoint("internal", "R1", "/net1")}},
				map[string]any{"type": "volumev3", "name": "cinder", "endpoints": []any{endpoint("public", "R1", "/vol")}},
			},
		}})
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.seen = append(c.seen, r)
		if c.failures > 0 {
			c.failures--
			w.WriteHeader(503)
			return
		}
		w.WriteHeader(c.answer)
	})
	c.Server = httptest.NewServer(mux)
	t.Cleanup(c.Close)
	return c
}

func (c *cloud) options(a config.Adapter) rest.Options {
	return rest.Options{Group: "neutron", UserAgent: "nova-api", Adapter: a, Auth: config.Auth{
		AuthType: "password", AuthURL: c.URL + "/v3", Username: "nova", Password: "secret", ProjectName: "service", UserDomainName: "Default", ProjectDomainID: "default",
	}}
}

func newSession(t *testing.T, o rest.Options) *rest.Session {
	t.Helper()
	s, err := rest.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestLogin(t *testing.T) {
	c := newCloud(t)
	s := newSession(t, c.options(config.Adapter{}))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if l, err := s.Login(t.Context()); err != nil || l.Token != "own-1" || l.ProjectID != "service-id" {
				t.Errorf("%+v %v", l, err)
			}
		})
	}
	wg.Wait()
	if n := c.logins.Load(); n != 1 {
		t.Errorf("%d logins", n)
	}
	want := `{"auth":{"identity":{"methods":["password"],"password":{"user":{"domain":{"name":"Default"},"name":"nova","password":"secret"}}},"scope":{"project":{"domain":{"id":"default"},"name":"service"}}}}`
	if c.bodies[0] != want {
		t.Errorf("request %s", c.bodies[0])
	}
	s.Invalidate("another")
	if l, _ := s.Login(t.Context()); l.Token != "own-1" {
		t.Errorf("after Invalidate of another: %s", l.Token)
	}
	s.Invalidate("own-1")
	if l, _ := s.Login(t.Context()); l.Token != "own-2" {
		t.Errorf("after Invalidate: %s", l.Token)
	}
}

func TestLoginRenewsBeforeExpiry(t *testing.T) {
	c := newCloud(t)
	c.life = time.Minute // less than the two minutes' reserve
	s := newSession(t, c.options(config.Adapter{}))
	for want := int64(1); want < 3; want++ {
		if _, err := s.Login(t.Context()); err != nil || c.logins.Load() != want {
			t.Errorf("%v, %d logins", err, c.logins.Load())
		}
	}
}

func TestPlugins(t *testing.T) {
	c := newCloud(t)
	base := c.options(config.Adapter{})
	for name, test := range map[string]struct {
		auth config.Auth
		want string // in the request
		err  string
	}{
		"application credential": {auth: config.Auth{AuthType: "v3applicationcredential", ApplicationCredentialID: "ac", ApplicationCredentialSecret: "s"}, want: `"application_credential":{"id":"ac","secret":"s"}`},
		"system":                 {auth: config.Auth{AuthType: "v3password", UserID: "u", Password: "p", SystemScope: "all"}, want: `"scope":{"system":{"all":true}}`},
		"default domain":         {auth: config.Auth{AuthType: "password", Username: "u", Password: "p", ProjectName: "x", DefaultDomainID: "dd"}, want: `"scope":{"project":{"domain":{"id":"dd"},"name":"x"}}`},
		"token":                  {auth: config.Auth{AuthType: "token", Token: "t", ProjectID: "pid"}, want: `"token":{"id":"t"}`},
		"unknown":                {auth: config.Auth{AuthType: "v3kerberos"}, err: `[neutron] auth_type: the plugin "v3kerberos" is not supported`},
	} {
		o := base
		o.Auth = test.auth
		o.Auth.AuthURL = c.URL
		s, err := rest.New(o)
		if err == nil {
			_, err = s.Login(t.Context())
		}
		if test.err != "" {
			if err == nil || err.Error() != test.err {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil || !strings.Contains(c.bodies[len(c.bodies)-1], test.want) {
			t.Errorf("%s: %v, %s", name, err, c.bodies[len(c.bodies)-1])
		}
	}
	o := base
	o.Auth = config.Auth{}
	if _, err := newSession(t, o).Login(t.Context()); !errors.Is(err, rest.ErrNoAuth) {
		t.Errorf("no auth_type: %v", err)
	}
}

func TestEndpoints(t *testing.T) {
	c := newCloud(t)
	caller := &reqctx.Caller{AuthToken: "user", ProjectID: "demo", RequestID: "req-1", ServiceCatalog: []reqctx.CatalogEntry{
		{Type: "image", Name: "glance", Endpoints: []json.RawMessage{json.RawMessage(`{"region": "R1", "publicURL": "http://img"}`)}},
	}}
	for name, test := range map[string]struct {
		adapter config.Adapter
		want    string
	}{
		"override":    {config.Adapter{ServiceType: "network", EndpointOverride: "http://n/%(project_id)s"}, "http://n/demo/"},
		"own catalog": {config.Adapter{ServiceType: "network", ValidInterfaces: []string{"internal", "public"}, RegionName: "R1"}, c.URL + "/net1/"},
		"second":      {config.Adapter{ServiceType: "network", ValidInterfaces: []string{"admin", "public"}}, c.URL + "/net/"},
		"caller's":    {config.Adapter{ServiceType: "image", ValidInterfaces: []string{"publicURL"}}, "http://img/"},
		"alias":       {config.Adapter{ServiceType: "block-storage"}, c.URL + "/vol/"},
		"none":        {config.Adapter{ServiceType: "network", ValidInterfaces: []string{"admin"}, RegionName: "R9"}, ""},
	} {
		s := newSession(t, c.options(test.adapter))
		client, err := s.AsUser(t.Context(), caller)
		if test.want == "" {
			if _, none := errors.AsType[*rest.NoEndpoint](err); !none {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil || client.Endpoint != test.want {
			t.Errorf("%s: %v %+v", name, err, client)
		}
	}
}

// TestWholeCatalog is what most deployments rely on: [keystone] without a user.
func TestWholeCatalog(t *testing.T) {
	caller := &reqctx.Caller{AuthToken: "user"}
	s := newSession(t, rest.Options{Group: "keystone", Adapter: config.Adapter{ServiceType: "identity", ValidInterfaces: []string{"internal", "public"}}})
	ctx := rest.WithCatalog(reqctx.With(t.Context(), caller), rest.Catalog{{Type: "identity", Endpoints: []rest.Endpoint{{Interface: "public", URL: "http://k/v3"}}}})
	if client, err := s.AsUser(ctx, caller); err != nil || client.Endpoint != "http://k/v3/" {
		t.Errorf("%+v %v", client, err)
	}
	if _, err := s.AsUser(ctx, &reqctx.Caller{AuthToken: "another"}); err == nil {
		t.Error("the catalog served another caller")
	}
}

func TestCalls(t *testing.T) {
	c := newCloud(t)
	zero, two := 0.0, 2
	a := config.Adapter{ServiceType: "network", StatusCodeRetries: &two, StatusCodeRetryDelay: &zero}
	o := c.options(a)
	o.ServiceUser = newSession(t, c.options(config.Adapter{}))
	s := newSession(t, o)
	caller := &reqctx.Caller{AuthToken: "user", RequestID: "req-1", GlobalRequestID: "req-0"}
	client, err := s.AsUser(t.Context(), caller)
	if err != nil {
		t.Fatal(err)
	}
	c.failures = 2
	if _, err := client.Get(t.Context(), client.ServiceURL("v2.0", "ports"), nil, nil); err != nil {
		t.Fatal(err)
	}
	r := c.seen[len(c.seen)-1]
	if len(c.seen) != 3 || r.URL.Path != "/net/v2.0/ports" || r.Header.Get("X-Auth-Token") != "user" || !strings.HasPrefix(r.Header.Get("X-Service-Token"), "own-") ||
		r.Header.Get("X-OpenStack-Request-ID") != "req-0" || !strings.HasPrefix(r.Header.Get("User-Agent"), "nova-api") {
		t.Errorf("%d calls, %s %v", len(c.seen), r.URL.Path, r.Header)
	}
	c.failures = 3
	if _, err := client.Get(t.Context(), client.ServiceURL("x"), nil, nil); err == nil {
		t.Error("three 503s are one too many")
	}
	own, err := s.AsService(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := own.Get(t.Context(), own.ServiceURL("x"), nil, nil); err != nil {
		t.Fatal(err)
	}
	if r := c.seen[len(c.seen)-1]; !strings.HasPrefix(r.Header.Get("X-Auth-Token"), "own-") || r.Header.Get("X-Service-Token") != "" {
		t.Errorf("%v", r.Header)
	}
	// A refused token is renewed once.
	before := c.logins.Load()
	c.answer = 401
	if _, err := own.Get(t.Context(), own.ServiceURL("x"), nil, nil); err == nil {
		t.Error("401 is no success")
	}
	if n := c.logins.Load() - before; n != 1 {
		t.Errorf("%d logins after 401", n)
	}
}

func TestVerifyProject(t *testing.T) {
	caller := &reqctx.Caller{AuthToken: "user", UserID: "u"}
	for status, want := range map[int]string{200: "", 403: "", 500: "", 404: "Project ID gone is not a valid project."} {
		c := newCloud(t)
		c.answer = status
		k := keystone.New(newSession(t, c.options(config.Adapter{ServiceType: "identity", ValidInterfaces: []string{"internal", "public"}})), zerolog.Nop())
		err := k.VerifyProject(t.Context(), caller, "gone")
		got := ""
		if domain, ok := errors.AsType[*objects.Error](err); ok && domain.Kind == objects.KindInvalid {
			got = domain.Message
		} else if err != nil {
			got = "not a domain error"
		}
		if got != want || c.seen[0].URL.Path != "/v3/projects/gone" || c.seen[0].Header.Get("X-Auth-Token") != "user" {
			t.Errorf("%d: %q, %s", status, got, c.seen[0].URL)
		}
	}
	c := newCloud(t)
	k := keystone.New(newSession(t, c.options(config.Adapter{ServiceType: "identity", RegionName: "elsewhere"})), zerolog.Nop())
	if err := k.VerifyProject(t.Context(), caller, "p"); err == nil || err.Error() != "Nova was unable to find Keystone service endpoint." {
		t.Errorf("no endpoint: %v", err)
	}
	k = keystone.New(newSession(t, c.options(config.Adapter{EndpointOverride: "http://127.0.0.1:1"})), zerolog.Nop())
	if err := k.VerifyProject(t.Context(), caller, "p"); err != nil {
		t.Errorf("away: %v", err)
	}
}
