package servers_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/nova-go/nova/internal/novatest"
)

// TestSortKeysGivenAgain: the first place of a key decides, also behind a marker;
// directions are counted for all of them.
func TestSortKeysGivenAgain(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	var ids []string
	for _, name := range []string{"a", "b", "c", "d"} {
		ids = append(ids, s.Server(novatest.VM{Name: name}).UUID)
	}
	demo := s.As("demo")
	for _, c := range []struct{ query, names string }{
		{"sort_key=display_name&sort_dir=asc", "a b c d"},
		{"sort_key=display_name&sort_key=display_name&sort_dir=asc&sort_dir=desc", "a b c d"},
		{"sort_key=display_name&sort_key=display_name&sort_dir=desc&sort_dir=asc", "d c b a"},
		{"sort_key=display_name&sort_dir=asc&marker=" + ids[1] + strings.Repeat("&sort_key=display_name", 1000), "c d"},
		{"sort_key=display_name&sort_dir=desc&sort_key=uuid&marker=" + ids[1] + strings.Repeat("&sort_key=display_name&sort_key=uuid", 1000), "a"},
	} {
		if got := demo.Do("GET /servers?" + c.query).Expect(200).Names("servers"); got != c.names {
			t.Errorf("%.80s: %s, want %s", c.query, got, c.names)
		}
	}
	demo.Do("GET /servers?sort_key=uuid&sort_key=uuid&sort_dir=asc&sort_dir=asc&sort_dir=asc").Expect(400)
}

// TestManyTags asks for more tags than a server can have, and for one again and again.
func TestManyTags(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	s.Server(novatest.VM{Name: "plain"})
	vm := s.Server(novatest.VM{Name: "tagged"})
	demo := s.As("demo").MV("2.26")
	demo.Do("PUT /servers/"+vm.UUID+"/tags", `{"tags": ["a", "b"]}`).Expect(200)
	many := "a"
	for n := range 1500 {
		many += fmt.Sprintf(",t%d", n)
	}
	for _, c := range []struct{ query, names string }{
		{"tags=" + many, ""},
		{"tags=a" + strings.Repeat(",b,a", 1000), "tagged"},
		{"tags-any=" + many, "tagged"},
		{"not-tags=" + many, "plain tagged"},
		{"not-tags=a" + strings.Repeat(",b,a", 1000), "plain"},
		{"not-tags-any=" + many, "plain"},
	} {
		if got := demo.Do("GET /servers?sort_key=display_name&sort_dir=asc&" + c.query).Expect(200).Names("servers"); got != c.names {
			t.Errorf("%.40s: %s, want %s", c.query, got, c.names)
		}
	}
}

// TestLongAddresses: each link begins with what the client says the address is.
func TestLongAddresses(t *testing.T) {
	t.Parallel()
	s := novatest.New(t, novatest.Conf("[oslo_middleware]\nenable_proxy_headers_parsing = true"))
	s.Server(novatest.VM{Name: "web"})
	long := strings.Repeat("a", 5000)
	for _, header := range []string{"Host", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Prefix"} {
		demo := s.As("demo")
		demo.Header(header, "/"[:len(header)/len("X-Forwarded-Prefix")]+"https").Do("GET /servers").Expect(200).Has(`{"servers": [{"name": "web"}]}`)
		demo.Header(header, long).Do("GET /servers").Expect(400)
	}
	s.As("demo").Header("Forwarded", "host="+long).Do("GET /servers").Expect(400)
}
