//go:build lab

package middleware_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/middleware"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/paste"
)

func labEnv(t *testing.T, name string) string {
	v := os.Getenv(name)
	if v == "" {
		t.Skipf("%s is not set", name)
	}
	return v
}

// python runs keystonemiddleware's own cache on the lab's memcached.
const python = `
import json, logging, sys
from keystonemiddleware.auth_token import _cache
strategy, server, op, token = sys.argv[1:5]
kw = dict(cache_time=60, memcached_servers=server.split(','), use_advanced_pool=True, dead_retry=300, maxsize=10, unused_timeout=60, conn_get_timeout=10, socket_timeout=3)
log = logging.getLogger()
c = _cache.TokenCache(log, **kw) if strategy == 'None' else _cache.SecureTokenCache(log, strategy, 'key', **kw)
c.initialize({})
if op == 'get':
    print(json.dumps(c.get(token)))
else:
    c.set(token, {'token': {'id': 'from python'}})
`

// TestMemcachedIsShared needs LAB_PYTHON (an interpreter with keystonemiddleware)
// and LAB_MEMCACHED (host:port).
func TestMemcachedIsShared(t *testing.T) {
	interpreter, server := labEnv(t, "LAB_PYTHON"), labEnv(t, "LAB_MEMCACHED")
	run := func(args ...string) string {
		out, err := exec.Command(interpreter, append([]string{"-c", python}, args...)...).Output()
		if err != nil {
			t.Fatalf("%v: %s", err, err.(*exec.ExitError).Stderr)
		}
		return strings.TrimSpace(string(out))
	}
	for _, strategy := range []string{"None", "MAC", "ENCRYPT"} {
		c := config.KeystoneAuthtoken{MemcachedServers: []string{server}, TokenCacheTime: 60, MemcacheSecurityStrategy: strategy, MemcacheSecretKey: "key", MemcachePoolSocketTimeout: 3}
		store, err := middleware.NewMemcached(c, zerolog.New(os.Stderr))
		if err != nil {
			t.Fatal(err)
		}
		token := fmt.Sprintf("go-%s-%d", strategy, os.Getpid())
		store.Set(token, []byte(`{"token": {"id": "from go"}}`))
		if got := run(strategy, server, "get", token); got != `{"token": {"id": "from go"}}` {
			t.Errorf("%s: Python reads %s", strategy, got)
		}
		run(strategy, server, "set", token+"-py")
		if got, ok := store.Get(token + "-py"); !ok || string(got) != `{"token": {"id": "from python"}}` {
			t.Errorf("%s: Go reads %s", strategy, got)
		}
	}
}

// TestRealKeystone needs LAB_NOVA_CONF and the OS_* variables.
func TestRealKeystone(t *testing.T) {
	file := labEnv(t, "LAB_NOVA_CONF")
	url := labEnv(t, "OS_AUTH_URL")
	cfg, err := config.Load(config.Sources{Files: []string{file}, NoDefaults: true})
	if err != nil {
		t.Fatal(err)
	}
	f, err := middleware.Registry(middleware.Deps{Config: cfg, Log: zerolog.New(os.Stderr)})["keystonemiddleware.auth_token:filter_factory"].(paste.Filter)(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	domain := map[string]any{"name": os.Getenv("OS_USER_DOMAIN_NAME")}
	login, _ := json.Marshal(map[string]any{"auth": map[string]any{
		"identity": map[string]any{"methods": []string{"password"}, "password": map[string]any{"user": map[string]any{"name": os.Getenv("OS_USERNAME"), "domain": domain, "password": os.Getenv("OS_PASSWORD")}}},
		"scope":    map[string]any{"project": map[string]any{"name": os.Getenv("OS_PROJECT_NAME"), "domain": domain}},
	}})
	resp, err := http.Post(url+"/auth/tokens", "application/json", strings.NewReader(string(login)))
	if err != nil || resp.StatusCode != 201 {
		t.Fatal(resp, err)
	}
	contexts := middleware.KeystoneContext(middleware.KeystoneContextOptions{Log: zerolog.Nop()})
	app := handler(func(w http.ResponseWriter, r *http.Request) {
		if c := reqctx.From(r.Context()); c.UserName != os.Getenv("OS_USERNAME") || c.ProjectName != os.Getenv("OS_PROJECT_NAME") || len(c.ServiceCatalog) == 0 {
			t.Errorf("%+v", c)
		}
	})
	if got := serve(t, get("X-Auth-Token", resp.Header.Get("X-Subject-Token")), app, f, contexts); got.StatusCode != 200 {
		t.Errorf("%d", got.StatusCode)
	}
	if got := serve(t, get("X-Auth-Token", "nope"), app, f, contexts); got.StatusCode != 401 {
		t.Errorf("bad token: %d", got.StatusCode)
	}
}

// TestPythonFilters runs the recorded cases through Python's filters again. It
// needs LAB_VENV, a virtual environment with keystonemiddleware, oslo.middleware,
// bcrypt and statsd.
func TestPythonFilters(t *testing.T) {
	out, err := exec.Command(labEnv(t, "LAB_VENV")+"/bin/python", "testdata/pyfilters.py", "testdata/pyfilters.json").Output()
	if err != nil {
		t.Fatalf("%v: %s", err, err.(*exec.ExitError).Stderr)
	}
	asPython(t, out)
}
