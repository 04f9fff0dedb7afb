package versions_test

import (
	"testing"

	"github.com/nova-go/nova/internal/novatest"
)

func TestVersionDocuments(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	anyone := s.As("none").At("").Header("Host", "nova.example.org:8774")
	v20 := `{"id": "v2.0", "status": "DEPRECATED", "version": "", "min_version": "", "updated": "2025-07-04T12:00:00Z", "links": [{"rel": "self", "href": "http://nova.example.org:8774/v2/"}]}`
	v21 := `{"id": "v2.1", "status": "CURRENT", "version": "2.104", "min_version": "2.1", "updated": "2013-07-23T11:33:21Z", "links": [{"rel": "self", "href": "http://nova.example.org:8774/v2.1/"}]}`
	anyone.Do("GET /").Expect(200).JSON(`{"versions": [` + v20 + `, ` + v21 + `]}`)
	whole := `{"version": {"id": "v2.1", "status": "CURRENT", "version": "2.104", "min_version": "2.1", "updated": "2013-07-23T11:33:21Z",
		"links": [{"rel": "self", "href": "http://nova.example.org:8774/v2.1/"}, {"rel": "describedby", "type": "text/html", "href": "http://docs.openstack.org/"}],
		"media-types": [{"base": "application/json", "type": "application/vnd.openstack.compute+json;version=2.1"}]}}`
	for _, path := range []string{"/v2.1", "/v2.1/"} {
		t.Run(path, func(t *testing.T) { anyone.In(t).Do("GET " + path).Expect(200).JSON(whole) })
	}
	anyone.Do("GET /v2/").Expect(200).Has(`{"version": {"id": "v2.0"}}`).HasHeader("OpenStack-API-Version", "")
}

func TestMediaTypeChoosesTheVersion(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	s.As("demo").At("").Header("Accept", "application/vnd.openstack.compute+json;version=2.1").Do("GET /flavors").Expect(200)
	s.As("demo").At("").Do("GET /flavors").Expect(300)
}

func TestLinks(t *testing.T) {
	t.Parallel()
	link := func(s *novatest.Stack, c *novatest.Client) string {
		return c.Do("GET /flavors/1").Expect(200).At("flavor", "links", "0", "href") + " " + c.Do("GET /flavors/1").At("flavor", "links", "1", "href")
	}
	demo := novatest.NameID("project", "demo")
	want := func(t *testing.T, got, self, bookmark string) {
		t.Helper()
		if got != self+"/flavors/1 "+bookmark+"/flavors/1" {
			t.Errorf("links are %s, want %s and %s", got, self, bookmark)
		}
	}
	t.Run("as asked", func(t *testing.T) {
		s := novatest.New(t)
		c := s.As("demo").Header("Host", "nova.example.org")
		want(t, link(s, c), "http://nova.example.org/v2.1", "http://nova.example.org")
		want(t, link(s, c.At("/v2.1/"+demo)), "http://nova.example.org/v2.1/"+demo, "http://nova.example.org/"+demo)
		want(t, link(s, c.Header("X-Forwarded-Proto", "https")), "http://nova.example.org/v2.1", "http://nova.example.org") // not enabled
	})
	t.Run("behind a proxy", func(t *testing.T) {
		s := novatest.New(t, novatest.Conf("[oslo_middleware]\nenable_proxy_headers_parsing = true"))
		c := s.As("demo").Header("X-Forwarded-Proto", "https").Header("X-Forwarded-Host", "cloud.example.org").Header("X-Forwarded-Prefix", "/compute")
		want(t, link(s, c), "https://cloud.example.org/compute/v2.1", "https://cloud.example.org/compute")
	})
	t.Run("compute_link_prefix", func(t *testing.T) {
		s := novatest.New(t, novatest.Conf("[api]\ncompute_link_prefix = https://api.example.org/nova"))
		want(t, link(s, s.As("demo")), "https://api.example.org/nova/v2.1", "https://api.example.org/nova")
		s.As("none").At("").Do("GET /").Expect(200).Has(`{"versions": [{}, {"links": [{"href": "https://api.example.org/nova/v2.1/"}]}]}`)
	})
}

func TestPagesLinkToTheNext(t *testing.T) {
	t.Parallel()
	s := novatest.New(t, novatest.Conf("[api]\nmax_limit = 4"))
	demo := s.As("demo").Header("Host", "nova")
	demo.Do("GET /flavors?limit=2&sort_key=name").Expect(200).Has(`{"flavors": [{"name": "m1.large"}, {"name": "m1.medium"}],
		"flavors_links": [{"rel": "next", "href": "http://nova/v2.1/flavors?limit=2&sort_key=name&marker=3"}]}`)
	demo.Do("GET /flavors?limit=2&sort_key=name&marker=3").Expect(200).Has(`{"flavors": [{"name": "m1.micro"}, {"name": "m1.nano"}]}`)
	demo.Do("GET /flavors/detail?marker=42").Expect(200).JSON(`{"flavors": ["*"]}`) // 84 is the last, and no page is full
	if got := demo.Do("GET /flavors").Expect(200).Names("flavors"); got != "m1.tiny m1.small m1.medium m1.large" {
		t.Errorf("max_limit is 4: %s", got)
	}
	demo.Do("GET /flavors?marker=none").Expect(400).Fault("badRequest", "marker [none] not found")
	demo.Do("GET /flavors?limit=-1").Expect(400).Fault("badRequest", "Invalid input for query parameters limit. Value: -1. *")
}
