package devcloud_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/devcloud/guests"
	"github.com/nova-go/nova/metadata"
)

// browse sends a request as a browser or another client would, and answers the status.
func browse(t *testing.T, base, method, path, host, body string, headers ...string) (int, string) {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), method, base+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if host != "" {
		q.Host = host
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		q.Header.Set(name, value)
	}
	r, err := http.DefaultTransport.RoundTrip(q)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, string(text)
}

const (
	form     = "Content-Type: application/x-www-form-urlencoded"
	jsonBody = "Content-Type: application/json"
	cross    = "Sec-Fetch-Site: cross-site"
	evil     = "Origin: http://evil.example"
)

// TestPagesOfOthersAreKeptOut sends what pages somewhere in the web could send to a
// cloud on the machine of their visitor, and what other clients do.
func TestPagesOfOthersAreKeptOut(t *testing.T) {
	t.Parallel()
	c := start(t, "")
	defer c.Close()
	cloud, own := c.URL, "Origin: "+c.URL
	port := c.URL[strings.LastIndex(c.URL, ":"):]
	fault := `{"request": "GET /v2.1/nothing", "status": 503}`
	login := `{"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": "demo", "password": "secret", "domain": {"id": "default"}}}}}}`
	for _, c := range []struct {
		what, method, path, host, body string
		headers                        []string
		want                           int
	}{
		{"curl -d", "POST", "/dev/faults", "", fault, []string{form}, 204},
		{"curl with JSON", "POST", "/dev/faults", "", fault, []string{jsonBody}, 204},
		{"curl without a type", "POST", "/dev/faults", "", fault, nil, 204},
		{"curl to localhost", "POST", "/dev/faults", "localhost" + port, fault, []string{form}, 204},
		{"curl to localhost.", "GET", "/dev/dump", "LocalHost." + port, "", nil, 200},
		{"curl to another address of loopback", "GET", "/dev/dump", "127.0.0.2" + port, "", nil, 200},
		{"curl to ::1", "GET", "/dev/dump", "[::1]" + port, "", nil, 200},
		{"a forwarded port", "GET", "/dev/dump", "localhost:80", "", nil, 200},
		{"the page itself", "POST", "/dev/faults", "", fault, []string{own, "Sec-Fetch-Site: same-origin", jsonBody}, 204},
		{"the page itself, no body", "POST", "/dev/reset", "", "", []string{own, "Sec-Fetch-Site: same-origin"}, 204},
		{"the page itself, YAML", "POST", "/dev/seed", "", "volumes: []", []string{own, "Content-Type: application/yaml"}, 204},
		{"a link to the page", "GET", "/dev/", "", "", []string{cross}, 200},
		{"an address typed in", "GET", "/dev/", "", "", []string{"Sec-Fetch-Site: none"}, 200},

		{"a foreign name", "GET", "/dev/dump", "evil.example", "", nil, 421},
		{"a foreign name with the port", "GET", "/dev/", "evil.example" + port, "", nil, 421},
		{"a name that only begins well", "GET", "/dev/dump", "localhost.evil.example", "", nil, 421},
		{"an address elsewhere", "GET", "/dev/dump", "192.0.2.1" + port, "", nil, 421},
		{"a foreign origin", "GET", "/dev/dump", "", "", []string{evil}, 403},
		{"another port of localhost", "POST", "/dev/reset", "", "", []string{"Origin: http://127.0.0.1:1", "Sec-Fetch-Site: same-site"}, 403},
		{"a frame without an origin", "POST", "/dev/reset", "", "", []string{"Origin: null"}, 403},
		{"a form elsewhere", "POST", "/dev/reset", "", "", []string{evil, cross, form}, 403},
		{"a form, without an origin", "POST", "/dev/reset", "", "", []string{cross, form}, 403},
		{"DELETE from elsewhere", "DELETE", "/dev/faults", "", "", []string{cross}, 403},
		{"PUT from elsewhere", "PUT", "/dev/build-time", "", `{"time": "1s"}`, []string{evil, jsonBody}, 403},
		{"text of a page of its own", "POST", "/dev/faults", "", fault, []string{own, "Content-Type: text/plain"}, 415},
		{"a form of a page of its own", "POST", "/dev/faults", "", fault, []string{own, form}, 415},
		{"no type", "POST", "/dev/faults", "", fault, []string{own}, 415},

		{"identity", "POST", "/identity/v3/auth/tokens", "", login, []string{jsonBody}, 201},
		{"identity by curl -d", "POST", "/identity/v3/auth/tokens", "", login, []string{form}, 201},
		{"identity under a foreign name", "POST", "/identity/v3/auth/tokens", "evil.example", login, []string{jsonBody}, 421},
		{"identity from elsewhere", "POST", "/identity/v3/auth/tokens", "", login, []string{evil, "Content-Type: text/plain"}, 403},
		{"identity by a form", "POST", "/identity/v3/auth/tokens", "", login, []string{cross, form}, 403},
		{"image under a foreign name", "GET", "/image/v2/images", "evil.example", "", nil, 421},
		{"network under a foreign name", "GET", "/network/v2.0/networks", "evil.example", "", nil, 421},
		{"volume under a foreign name", "GET", "/volume/v3/volumes", "evil.example", "", nil, 421},
		{"placement under a foreign name", "GET", "/placement/", "evil.example", "", nil, 421},
		{"Nova wants a token from everybody", "GET", "/v2.1/servers", "evil.example", "", []string{evil}, 401},
	} {
		if got, text := browse(t, cloud, c.method, c.path, c.host, c.body, c.headers...); got != c.want || got >= 400 && got != 401 && !strings.Contains(text, `"error"`) {
			t.Errorf("%s: %d %s, want %d", c.what, got, text, c.want)
		}
	}
}

// TestMetadataOfServersIsKeptFromPages is about nova-metadata --dev, which asks for
// no signature.
func TestMetadataOfServersIsKeptFromPages(t *testing.T) {
	t.Parallel()
	state := t.TempDir()
	defer start(t, state).Close()
	c, err := guests.ReadConfig(state, config.Sources{Prog: metadata.Prog})
	if err != nil {
		t.Fatal(err)
	}
	h, err := guests.Handler(c, http.NotFoundHandler())
	if err != nil {
		t.Fatal(err)
	}
	const path = "/7b6e0dd0-0d2c-4f3e-8d43-fbd4d2a5a2f1/openstack/latest/password"
	server := httptest.NewServer(h)
	defer server.Close()
	for _, one := range []struct {
		host, header string
		want         int
	}{{"", "", 404}, {"evil.example", "", 421}, {"", evil, 403}, {"", cross, 403}} {
		var headers []string
		if one.header != "" {
			headers = append(headers, one.header)
		}
		if got, text := browse(t, server.URL, "POST", path, one.host, "secret", headers...); got != one.want {
			t.Errorf("Host %q, %s: %d %s, want %d", one.host, one.header, got, text, one.want)
		}
	}
}
