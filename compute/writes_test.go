package compute_test

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/nova-go/nova/compute"
	"github.com/nova-go/nova/compute/mv"
	"github.com/nova-go/nova/internal/novatest"
)

// writeExample is a request that one row answers with success.
type writeExample struct {
	version string // microversion; "": 2.1
	role    string // "": admin
	// target makes what the request is about, anew for each request, and answers the
	// path below /v2.1.
	target func(s *novatest.Stack) string
	body   string
}

// writeExamples has an example for each row that writes, by the row's key and the first
// microversion of its span.
var writeExamples = map[string]writeExample{
	"POST /flavors 2.1":                       {target: at("/flavors"), body: `{"flavor": {"name": "cut-{n}", "ram": 64, "vcpus": 1, "disk": 1, "id": "cut-{n}"}}`},
	"DELETE /servers/{id} 2.1":                {target: onServer(novatest.VM{}, "")},
	"POST /servers/{id}/action os-stop 2.1":   {target: onServer(novatest.VM{}, "/action"), body: `{"os-stop": null}`},
	"POST /servers/{id}/action shelve 2.1":    {target: onServer(novatest.VM{}, "/action"), body: `{"shelve": null}`},
	"PUT /servers/{server_id}/tags/{id} 2.26": {version: "2.26", target: onServer(novatest.VM{}, "/tags/cut")},
	"POST /servers 2.1":                       {target: at("/servers"), body: `{"server": {"name": "cut", "flavorRef": "1", "imageRef": "70a599e0-31e7-49b7-b260-868f441e862b"}}`},
}

func at(path string) func(*novatest.Stack) string {
	return func(*novatest.Stack) string { return path }
}

func onServer(vm novatest.VM, below string) func(*novatest.Stack) string {
	return func(s *novatest.Stack) string { return "/servers/" + s.Server(vm).UUID + below }
}

// cuts is at how many random moments each operation is cut off by its client.
const cuts = 20

// TestWritesAreDoneOrNotBegun cuts each operation that writes off at random moments: its
// client goes away, or its process ends and closes all connections. Whatever the moment,
// the operation has all of its effects or none: in the databases, in messages, and in
// other services.
func TestWritesAreDoneOrNotBegun(t *testing.T) {
	t.Parallel()
	for _, row := range compute.Routes() {
		if !row.Writes() {
			continue
		}
		key := row.Key() + " " + max(row.From, mv.Min).String()
		example, ok := writeExamples[key]
		if !ok {
			t.Errorf("writeExamples has no %q", key)
			continue
		}
		t.Run(strings.ReplaceAll(key, "/", "_"), func(t *testing.T) {
			t.Parallel()
			s := novatest.New(t, novatest.WithCompute())
			example.effects(s, row.Method, whole, 1) // fills caches
			var took time.Duration
			done := example.effects(s, row.Method, func(c *novatest.Client, request, body string) {
				began := time.Now()
				whole(c, request, body)
				took = time.Since(began)
			}, 1)
			if len(done) == 0 {
				t.Fatal("the example changes nothing")
			}
			left := counted(example.effects(s, row.Method, func(c *novatest.Client, request, body string) { c.HangUp(rand.N(took), request, body) }, cuts))
			once := counted(done)
			begun := 0
			for line, n := range once {
				begun = max(begun, left[line]/n)
			}
			for line := range maps.Keys(union(left, once)) {
				if left[line] != begun*once[line] {
					t.Errorf("of %d requests that were cut off %d have begun, and leave %d, not %d times\n\t%s", cuts, begun, left[line], begun*once[line], line)
				}
			}
		})
	}
}

func whole(c *novatest.Client, request, body string) { c.Do(request, body) }

// counted is how often each line is there.
func counted(lines []string) map[string]int {
	n := map[string]int{}
	for _, line := range lines {
		n[line]++
	}
	return n
}

func union(a, b map[string]int) map[string]int {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

// effects sends n requests, each about something of its own, and answers what they
// change.
func (e writeExample) effects(s *novatest.Stack, method string, send func(c *novatest.Client, request, body string), n int) []string {
	c := s.As(cmp.Or(e.role, "admin")).MV(cmp.Or(e.version, "2.1"))
	paths := make([]string, n)
	for i := range paths {
		paths[i] = e.target(s)
	}
	return s.Effects(func() {
		for _, path := range paths {
			send(c, method+" "+path, strings.ReplaceAll(e.body, "{n}", fmt.Sprint(rand.Int64())))
		}
	})
}
