package api_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/nova-go/nova/internal/novatest"
	"github.com/nova-go/nova/paste"
)

// TestSpellingsOfAPath asks for paths in random spellings: whatever decides about a
// request decides as about the plain one.
func TestSpellingsOfAPath(t *testing.T) {
	t.Parallel()
	var seen atomic.Value // the path of the last request
	spy := paste.Filter(func(_, _ paste.Conf) (func(http.Handler) http.Handler, error) {
		return func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				seen.Store(r.URL.EscapedPath())
				next.ServeHTTP(w, r)
			})
		}, nil
	})
	s := novatest.New(t, novatest.Filters(paste.Registry{"keystonemiddleware.audit:filter_factory": spy}),
		novatest.File("api-paste.ini", spiedPaste))
	vm := s.Server(novatest.VM{Tags: []string{"one"}})
	admin := s.As("admin").At("").MV("2.26")
	for _, path := range []string{"/", "/v2.1", "/v2.1/", "/v2.1/flavors", "/v2.1/flavors/1/os-extra_specs", "/v2.1/servers/" + vm.UUID, "/v2.1/servers/" + vm.UUID + "/tags",
		"/v2.1/" + novatest.NameID("project", "admin") + "/limits", "/v2.1/servers/a b", "/v2.1/nothing", "/v2/flavors"} {
		plain := admin.Do("GET " + strings.ReplaceAll(path, " ", "%20"))
		want := seen.Load()
		for range 40 {
			spelled := respelled(path)
			r := admin.Do("GET " + spelled)
			if r.Status != plain.Status || string(r.Body) != string(plain.Body) {
				t.Errorf("%s answers %d %s, %s %d %s", spelled, r.Status, r.Body, path, plain.Status, plain.Body)
			}
			if got := seen.Load(); got != want {
				t.Errorf("%s: a filter sees %q, and %q of %s", spelled, got, want, path)
			}
		}
	}
}

const spiedPaste = `
[composite:osapi_compute]
use = call:nova.api.openstack.urlmap:urlmap_factory
/: spied_versions
/v2: v2
/v2.1: v21
[pipeline:spied_versions]
pipeline = spy versions
[app:versions]
paste.app_factory = nova.api.openstack.compute.versions:Versions.factory
[composite:v21]
use = call:nova.api.auth:pipeline_factory_v21
keystone = spy authtoken keystonecontext api
[composite:v2]
use = call:nova.api.auth:pipeline_factory_v21
keystone = spy authtoken keystonecontext legacy api
[filter:spy]
paste.filter_factory = keystonemiddleware.audit:filter_factory
[filter:authtoken]
paste.filter_factory = keystonemiddleware.auth_token:filter_factory
[filter:keystonecontext]
paste.filter_factory = nova.api.auth:NovaKeystoneContext.factory
[filter:legacy]
paste.filter_factory = nova.api.openstack:LegacyV2CompatibleWrapper.factory
[app:api]
paste.app_factory = nova.api.openstack.compute:APIRouterV21.factory
`

// respelled writes random characters of a path by their codes.
func respelled(path string) string {
	var b strings.Builder
	for n := range len(path) {
		switch {
		case path[n] == ' ' || n > 0 && rand.N(4) == 0:
			fmt.Fprintf(&b, []string{"%%%02X", "%%%02x"}[rand.N(2)], path[n])
		default:
			b.WriteByte(path[n])
		}
	}
	return b.String()
}

// TestPathVariables has characters beyond ASCII in paths as Nova has them: PEP 3333
// gives their bytes as characters of Latin-1.
func TestPathVariables(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	vm := s.Server(novatest.VM{})
	demo := s.As("demo").MV("2.26")
	tags := "/servers/" + vm.UUID + "/tags"
	demo.Do("PUT " + tags + "/%C3%A9").Expect(201)
	demo.Do("PUT " + tags + "/%FF").Expect(201)
	demo.Do("GET " + tags).Expect(200).JSON(`{"tags": ["Ã©", "ÿ"]}`)
	demo.Do("GET " + tags + "/%C3%A9").Expect(204)
	demo.Do("GET "+tags+"/%C3%83%C2%A9").Expect(404).Fault("itemNotFound", "Server "+vm.UUID+" has no tag '\u00c3\u0083\u00c2\u00a9'")
	if got := demo.Do("GET /servers?tags=%C3%83%C2%A9").Expect(200).Names("servers"); got != vm.Name {
		t.Errorf("the filter of lists, which reads UTF-8, finds %q", got)
	}
	demo.Do("DELETE " + tags + "/%C3%A9").Expect(204)
	demo.Do("GET "+"/servers/%C3%A9").Expect(404).Fault("itemNotFound", "Instance Ã© could not be found.")
	demo.Do("GET "+"/flavors/%E2%82%AC").Expect(404).Fault("itemNotFound", "Flavor \u00e2\u0082\u00ac could not be found.")
	s.As("admin").Do("GET " + "/os-hypervisors/%C3%A9").Expect(404)
}

// Nova's router does not see one newline at the end of a path.
func TestNewlinesInPaths(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	demo := s.As("demo")
	demo.Do("GET /flavors%0A").Expect(200)
	demo.Do("GET /flavors/1%0A").Expect(200).Has(`{"flavor": {"id": "1"}}`)
	demo.Do("GET /" + novatest.NameID("project", "demo") + "/flavors/detail%0A").Expect(200)
	demo.Do("GET /flavors/x%0A%0A").Expect(404).Fault("itemNotFound", "Flavor x\n could not be found.")
	demo.Do("GET /flavors/%0A").Expect(404).Fault("itemNotFound", "Flavor \n could not be found.")
	demo.Do("GET /flavors%0A/1").Expect(404)
	demo.At("").Do("GET /%C3%A9%20%25").Expect(300).Has(`{"choices": [{"links": [{"href": "` + s.URL + `/v2/%C3%A9%20%25"}]}, {"id": "v2.1"}]}`)
}
