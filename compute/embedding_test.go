package compute_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/nova-go/nova/internal/novatest"
	"github.com/nova-go/nova/paste"
)

// pasteFile changes the cloud's paste file before the application reads it.
func pasteFile(t *testing.T, change func(string) string) novatest.Option {
	return novatest.Before(func(s *novatest.Stack) {
		file := filepath.Join(s.State, "api-paste.ini")
		text, err := os.ReadFile(file)
		if err == nil {
			err = os.WriteFile(file, []byte(change(string(text))), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestBelowAPrefix(t *testing.T) {
	s := novatest.New(t, novatest.Unstarted(), pasteFile(t, func(text string) string {
		return strings.Replace(text, "[composite:osapi_compute]", "[composite:osapi_compute]\nuse = egg:Paste#urlmap\n/compute: inner\n[composite:inner]", 1)
	}))
	demo := s.As("demo").Header("Host", "cloud.example.org").At("/compute/v2.1")
	demo.Do("GET /flavors/1").Expect(200).Has(`{"flavor": {"links": [{"href": "http://cloud.example.org/compute/v2.1/flavors/1"}, {"href": "http://cloud.example.org/compute/flavors/1"}]}}`)
	demo.Do("GET /flavors?limit=1").Expect(200).Has(`{"flavors_links": [{"href": "http://cloud.example.org/compute/v2.1/flavors?limit=1&marker=1"}]}`)
	demo.At("/compute").Do("GET /").Expect(200).Has(`{"versions": [{"links": [{"href": "http://cloud.example.org/compute/v2/"}]}, {"links": [{"href": "http://cloud.example.org/compute/v2.1/"}]}]}`)
	demo.At("/v2.1").Do("GET /flavors").Expect(404)
}

func TestFilterOfAnEmbedder(t *testing.T) {
	filter := paste.Filter(func(_, local paste.Conf) (func(http.Handler) http.Handler, error) {
		return func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("X-Greeting", local["greeting"])
				next.ServeHTTP(w, r)
			})
		}, nil
	})
	s := novatest.New(t, novatest.Filters(paste.Registry{"our.own:filter": filter}), pasteFile(t, func(text string) string {
		return strings.Replace(text, "authtoken keystonecontext", "ours authtoken keystonecontext", 1) + "[filter:ours]\npaste.filter_factory = our.own:filter\ngreeting = hello\n"
	}))
	s.As("demo").Do("GET /flavors").Expect(200).HasHeader("X-Greeting", "hello")
	s.As("none").Do("GET /flavors").Expect(401).HasHeader("X-Greeting", "hello")
}

func TestPolicyOfTheOperator(t *testing.T) {
	s := novatest.New(t, novatest.File("policy.yaml", "\"os_compute_api:os-flavor-manage:create\": \"role:member\"\n\"os_compute_api:servers:index\": \"!\"\n"))
	demo := s.As("demo")
	demo.Do("POST /flavors", `{"flavor": {"name": "x", "ram": 1, "vcpus": 1, "disk": 1}}`).Expect(200)
	demo.Do("GET /servers").Expect(403).Fault("forbidden", "Policy doesn't allow os_compute_api:servers:index to be performed.")
	s.As("reader").Do("POST /flavors", `{"flavor": {"name": "y", "ram": 1, "vcpus": 1, "disk": 1}}`).Expect(403)
}

// TestManyAtOnce is for the race detector: readers, writers and callers without
// rights, all at once.
func TestManyAtOnce(t *testing.T) {
	s := novatest.New(t)
	vm := s.Server(novatest.VM{Name: "web"})
	for _, role := range []string{"admin", "demo", "reader"} {
		s.As(role) // the tokens are there before the start
	}
	var wait sync.WaitGroup
	for n := range 8 {
		wait.Go(func() {
			admin, demo := s.As("admin").MV("2.90"), s.As("demo").MV("2.90")
			for i := range 5 {
				id := fmt.Sprintf("f%d-%d", n, i)
				want := func(r *novatest.Response, status int) {
					if r.Status != status {
						t.Errorf("%d: %s", r.Status, r.Body)
					}
				}
				want(admin.Do("POST /flavors", `{"flavor": {"name": "`+id+`", "id": "`+id+`", "ram": 1, "vcpus": 1, "disk": 1}}`), 200)
				want(demo.Do("GET /flavors/detail"), 200)
				want(demo.Do("GET /servers/detail?name=web"), 200)
				want(demo.Do("GET /servers/"+vm.UUID), 200)
				want(s.As("reader").Do("DELETE /flavors/"+id), 403)
				want(admin.Do("DELETE /flavors/"+id), 202)
				want(s.As("none").Do("GET /flavors"), 401)
			}
		})
	}
	wait.Wait()
}
