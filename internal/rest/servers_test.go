package rest_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/rest"
)

// TestServers sends requests to all of several servers, and to another one if one cannot be reached.
func TestServers(t *testing.T) {
	var mu sync.Mutex
	seen := map[string]int{}
	serve := func(name string) *httptest.Server {
		return httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			seen[strings.Join([]string{name, r.Host, r.Method, r.URL.EscapedPath(), string(body)}, " ")]++
		}))
	}
	a, b := serve("a"), serve("b")
	defer a.Close()
	defer b.Close()
	post := func(servers ...string) {
		t.Helper()
		s, err := rest.New(rest.Options{Group: "glance", Adapter: config.Adapter{ServiceType: "image", EndpointOverride: "http://127.0.0.1:2"},
			Servers: servers})
		if err != nil {
			t.Fatal(err)
		}
		client, err := s.AsUser(t.Context(), &reqctx.Caller{AuthToken: "user"})
		if err != nil {
			t.Fatal(err)
		}
		_, err = client.Post(t.Context(), client.Endpoint+"v2/a%2Fb", map[string]string{"k": "v"}, nil, &gophercloud.RequestOpts{OkCodes: []int{http.StatusOK}})
		if err != nil {
			t.Fatal(err)
		}
	}
	atA := "a " + a.Listener.Addr().String() + ` POST /image/v2/a%2Fb {"k":"v"}`
	atB := "b " + b.Listener.Addr().String() + ` POST /v2/a%2Fb {"k":"v"}`
	for range 64 {
		post(a.URL+"/image", b.URL)
	}
	if len(seen) != 2 || seen[atA] == 0 || seen[atB] == 0 {
		t.Errorf("the servers got %v", seen)
	}
	clear(seen)
	for range 20 {
		post("http://127.0.0.1:1/image", b.URL)
	}
	if len(seen) != 1 || seen[atB] != 20 {
		t.Errorf("without the first server, the servers got %v", seen)
	}
	if _, err := rest.New(rest.Options{Group: "glance", Servers: []string{"http://a", "b"}}); err == nil || err.Error() != `[glance] api_servers: "b" has no host` {
		t.Errorf("a server without a host: %v", err)
	}
}
