package identity_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/nova-go/nova/internal/devcloud/identity"
)

// v3 is where the service is.
const v3 = "/identity/v3"

// start serves a new Keystone, without a cloud around it, until the end of the test.
func start(t *testing.T) *httptest.Server {
	t.Helper()
	var service *identity.Service
	server := httptest.NewServer(http.StripPrefix("/identity", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { service.ServeHTTP(w, r) })))
	t.Cleanup(server.Close)
	var err error
	if service, err = identity.New(identity.Options{Dir: t.TempDir(), URL: server.URL}); err != nil {
		t.Fatal(err)
	}
	return server
}

// as sends a request with a token, and answers the body and a new token.
func as(t *testing.T, c *httptest.Server, token, method, path, body string, want int) (map[string]any, string) {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), method, c.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		q.Header.Set("X-Auth-Token", token)
	}
	r, err := c.Client().Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != want {
		t.Fatalf("%s %s: %d %s %v", method, path, r.StatusCode, text, err)
	}
	var out map[string]any
	if len(text) > 0 {
		if err := json.Unmarshal(text, &out); err != nil {
			t.Fatal(err)
		}
	}
	return out, r.Header.Get("X-Subject-Token")
}

func logIn(t *testing.T, c *httptest.Server, user, password, project string, want int) string {
	t.Helper()
	_, token := as(t, c, "", "POST", v3+"/auth/tokens", fmt.Sprintf(`{"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": %q, "password": %q, "domain": {"id": "default"}}}}, "scope": {"project": {"name": %q, "domain": {"id": "default"}}}}}`, user, password, project), want)
	return token
}

// keystone starts a Keystone, and answers what asks it as an administrator.
func keystone(t *testing.T) (do func(method, path, body string, want int) map[string]any, create func(kind, body string) string) {
	t.Helper()
	c := start(t)
	admin := logIn(t, c, "admin", "secret", "admin", 201)
	do = func(method, path, body string, want int) map[string]any {
		t.Helper()
		out, _ := as(t, c, admin, method, v3+path, body, want)
		return out
	}
	return do, func(kind, body string) string {
		t.Helper()
		return made(t, c, admin, kind, body)
	}
}

// made creates a resource, and answers its id.
func made(t *testing.T, c *httptest.Server, token, kind, body string) string {
	t.Helper()
	out, _ := as(t, c, token, "POST", v3+"/"+kind+"s", `{"`+kind+`": `+body+`}`, 201)
	return onlyOne(t, out, kind)["id"].(string)
}

// onlyOne is the object below a key of an answer.
func onlyOne(t *testing.T, out map[string]any, key string) map[string]any {
	t.Helper()
	d, ok := out[key].(map[string]any)
	if !ok {
		t.Fatalf("no %s in %v", key, out)
	}
	return d
}

// ids are those of the members of a list.
func ids(out map[string]any, key string) []string {
	var list []string
	for _, d := range out[key].([]any) {
		list = append(list, d.(map[string]any)["id"].(string))
	}
	return list
}
