package devcloud_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/nova-go/nova/compute/devcloud"
)

// BenchmarkDevCreate500 has a new embedded cloud build 500 servers for two clients,
// one request each. The aim is 10 seconds on two cores, start included.
func BenchmarkDevCreate500(b *testing.B) {
	for b.Loop() {
		cloud, err := devcloud.Start(context.Background(), devcloud.Options{})
		if err != nil {
			b.Fatal(err)
		}
		token := ""
		send := func(method, path, body string, want int) string {
			q, err := http.NewRequestWithContext(b.Context(), method, cloud.URL+path, strings.NewReader(body))
			if err != nil {
				b.Error(err)
				return ""
			}
			q.Header.Set("X-Auth-Token", token)
			q.Header.Set("Content-Type", "application/json")
			r, err := http.DefaultClient.Do(q)
			if err != nil {
				b.Error(err)
				return ""
			}
			defer r.Body.Close()
			if text, _ := io.ReadAll(r.Body); r.StatusCode != want {
				b.Errorf("%s %s: %d %s", method, path, r.StatusCode, text)
			}
			return r.Header.Get("X-Subject-Token")
		}
		token = send("POST", "/identity/v3/auth/tokens", `{"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": "admin", "password": "secret"}}}, "scope": {"project": {"name": "demo"}}}}`, 201)
		send("PUT", "/v2.1/os-quota-sets/70726f6a6563742d64656d6f20202020", `{"quota_set": {"instances": -1, "cores": -1, "ram": -1}}`, 200)
		var clients sync.WaitGroup
		for range 2 {
			clients.Go(func() {
				for n := range 250 {
					send("POST", "/v2.1/servers", fmt.Sprintf(`{"server": {"name": "web-%d", "flavorRef": "1", "imageRef": "70a599e0-31e7-49b7-b260-868f441e862b", "networks": [{"uuid": "%s"}]}}`, n, "816f2b13-bbf7-5603-ae8e-d61d3a492967"), 202)
				}
			})
		}
		clients.Wait()
		cloud.Settle()
		if err := cloud.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
