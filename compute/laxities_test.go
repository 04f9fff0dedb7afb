package compute_test

import (
	"testing"

	"github.com/nova-go/nova/internal/novatest"
)

// Nova's schemas take integers with a point, and its code makes integers of them.
func TestIntegersWithAPoint(t *testing.T) {
	s := novatest.New(t)
	admin := s.As("admin")
	project := novatest.NameID("project", "demo")
	for _, cores := range []string{`25.0`, `2.5e1`, `"25"`, `25`} {
		admin.Do("PUT /os-quota-sets/"+project, `{"quota_set": {"cores": `+cores+`}}`).Expect(200).Has(`{"quota_set": {"cores": 25}}`)
		if got := s.Value("api", "SELECT hard_limit FROM quotas WHERE resource = 'cores'"); got != "25" {
			t.Errorf("%s: the limit is %s", cores, got)
		}
		admin.Do("PUT /os-quota-class-sets/c", `{"quota_class_set": {"cores": `+cores+`}}`).Expect(200).Has(`{"quota_class_set": {"cores": 25}}`)
	}
	for _, cores := range []string{`25.5`, `"25.0"`, `"1e1"`, `true`} {
		admin.Do("PUT /os-quota-sets/"+project, `{"quota_set": {"cores": `+cores+`}}`).Expect(400)
	}
}

// Dates in queries may lack what is small in them, as iso8601 reads them.
func TestPartialDates(t *testing.T) {
	s := novatest.New(t)
	s.Server(novatest.VM{Name: "web"})
	demo := s.As("demo").MV("2.66")
	for _, date := range []string{"2016", "2016-01", "2016-01-02", "2016-01-02T03", "2016-01-02T03:04", "2016-01-02T03:04:05Z"} {
		if got := demo.Do("GET /servers?changes-since=" + date).Expect(200).Names("servers"); got != "web" {
			t.Errorf("changed since %s are %q", date, got)
		}
		if got := demo.Do("GET /servers?changes-before=" + date).Expect(200).Names("servers"); got != "" {
			t.Errorf("changed before %s are %q", date, got)
		}
	}
	for _, date := range []string{"16", "2016-13", "2016-01-32", "today"} {
		demo.Do("GET /servers?changes-since=" + date).Expect(400)
	}
}

// The page of a path that leads nowhere has the type that WebOb finds in Accept.
func TestTypeOfThePageNotFound(t *testing.T) {
	s := novatest.New(t)
	for accept, want := range map[string]string{
		"":                                "text/plain; charset=UTF-8",
		"application/json; charset=utf-8": "text/plain; charset=UTF-8",
		"application/json":                "application/json",
		"text/html":                       "text/html; charset=UTF-8",
	} {
		c := s.As("demo")
		if accept != "" {
			c = c.Header("Accept", accept)
		}
		c.Do("GET /nope").Expect(404).HasHeader("Content-Type", want)
	}
}
