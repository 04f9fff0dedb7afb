package api_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/nova-go/nova/internal/novatest"
)

// Numbers in queries and paths are read as Python's int reads them.
func TestNumbersInQueries(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	for _, c := range []struct {
		request string
		status  int
		want    string
	}{
		{"GET /flavors?minRam=2_048%0A", 200, "m1.small m1.medium m1.large"},
		{"GET /flavors?minRam=%D9%A2%D9%A0%D9%A4%D9%A8", 200, "m1.small m1.medium m1.large"},
		{"GET /flavors?minRam=9223372036854775808", 200, ""},
		{"GET /flavors?minDisk=-9223372036854775809&limit=1%0A", 200, "m1.tiny"},
		{"GET /flavors?minRam=1.0", 400, "Invalid minRam filter [1.0]"},
		{"GET /flavors?limit=%0A", 400, "Invalid input received: limit must be an integer"},
		{"GET /flavors?limit=2147483648", 200, "m1.tiny m1.small m1.medium m1.large m1.nano m1.micro"},
		{"GET /os-aggregates/1_0", 404, "Aggregate 1_0 could not be found."},
		{"GET /os-aggregates/1.0", 400, "Invalid input received: id must be an integer"},
		{"GET /os-aggregates/9223372036854775808", 404, "Aggregate 9223372036854775808 could not be found."},
		{"GET /os-hypervisors/" + strings.Repeat("x", 60000) + "/search", 404, "No hypervisor matching *"},
	} {
		t.Run(c.request[:min(60, len(c.request))], func(t *testing.T) {
			r := s.In(t).As("admin").Do(c.request).Expect(c.status)
			if c.status != 200 {
				r.Fault(novatest.FaultOf(c.status), c.want)
			} else if got := r.Names("flavors"); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
	if next := s.As("admin").Do("GET /flavors?limit=1%0A").Expect(200).At("flavors_links", "0", "href"); !strings.HasSuffix(next, "/flavors?limit=1%0A&marker=1") {
		t.Errorf("the next page is %s", next)
	}
}

// Dates may be shortened to their year or month where Nova reads ISO 8601; usages take
// what Python's strptime reads.
func TestDatesInQueries(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	for date, status := range map[string]int{
		"2016": 200, "2016-01": 200, "2016-1-1": 200, "20160101": 200, "2016-01-01T00": 200, "2016-01-01T0000": 200, "2016-01-01T00:00:00,5+01": 200,
		"201601": 400, "2016-13": 400, "2016-01-01T24:00": 400, " 2016": 400, "2016-01-01t00:00:00": 400,
	} {
		for _, request := range []struct{ version, path string }{
			{"2.1", "/servers?changes-since="}, {"2.66", "/servers/detail?changes-before="}, {"2.59", "/os-migrations?changes-since="}, {"2.66", "/os-migrations?changes-before="},
		} {
			s.As("admin").MV(request.version).Do("GET " + request.path + url.QueryEscape(date)).Expect(status)
		}
	}
	for date, status := range map[string]int{
		"2016-01-01T00:00:00": 200, "2016-1-1t0:0:0.5": 200, "2016-01- 1T00:00:00": 200, "٢٠١٦-01-01T٠:00:00": 200, "2016-01-01\u00a000:00:00.0": 200,
		"2016": 400, "2016-01-01T00:00:00Z": 400, "2016-01-01 00:00:00": 400, "2016-02-30T00:00:00": 400, "2016-01-01T23:59:60": 400, "2016-01-01T٠٠:00:00": 400,
	} {
		s.As("admin").Do("GET /os-simple-tenant-usage?start=" + url.QueryEscape(date)).Expect(status)
	}
}
