package compute_test

import (
	"testing"

	"github.com/nova-go/nova/internal/novatest"
)

// TestRepresentationsAreAskedFor sends what every client sends, and what asks for codings and entity tags.
func TestRepresentationsAreAskedFor(t *testing.T) {
	t.Parallel()
	plain := novatest.New(t)
	usual := plain.As("demo").Header("Accept-Encoding", "gzip, deflate, br, zstd")
	answer := usual.Do("GET /flavors/detail").Expect(200)
	for _, name := range []string{"Content-Encoding", "Etag", "Cache-Control"} {
		if value := answer.Header.Get(name); value != "" {
			t.Errorf("%s: %s, Nova has none", name, value)
		}
	}
	if vary := answer.Header.Values("Vary"); len(vary) != 2 {
		t.Errorf("Vary: %v", vary)
	}
	asking := usual.Header("If-None-Match", `""`).Do("GET /flavors").Expect(200)
	tag := asking.Header.Get("Etag")
	if tag == "" {
		t.Fatal("no entity tag")
	}
	again := usual.Header("If-None-Match", tag)
	if r := again.Do("GET /flavors").Expect(304); len(r.Body) != 0 || r.Header.Get("Etag") != tag || r.Header.Get("X-Compute-Request-Id") == "" {
		t.Errorf("%v", r.Header)
	}
	again.MV("2.54").Do("GET /flavors").Expect(304)
	again.MV("2.61").Do("GET /flavors").Expect(200) // with descriptions
	again.Do("GET /flavors/detail").Expect(200)
	plain.As("").Header("If-None-Match", tag).Do("GET /flavors").Expect(401)
	plain.As("admin").Do("POST /flavors", `{"flavor": {"name": "new", "ram": 64, "vcpus": 1, "disk": 1}}`).Expect(200)
	again.Do("GET /flavors").Expect(200)

	s := novatest.New(t, novatest.Conf("[wsgi]\ncontent_codings = zstd, gzip\nentity_tags = true"))
	for accept, coding := range map[string]string{"gzip, deflate": "gzip", "gzip, zstd": "zstd", "identity": ""} {
		r := s.As("demo").Header("Accept-Encoding", accept).Do("GET /flavors/detail").Expect(200)
		if got := r.Header.Get("Content-Encoding"); got != coding || r.Header.Get("Etag") == "" {
			t.Errorf("%s: %v", accept, r.Header)
		}
	}
}
