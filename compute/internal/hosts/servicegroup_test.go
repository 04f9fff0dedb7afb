package hosts_test

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/nova-go/nova/internal/novatest"
	"github.com/nova-go/nova/internal/novatest/testproc"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/servicegroup"
)

// With servicegroup_driver = mc a service is up if memcached has its report, whatever its row says.
func TestServicesReportToMemcached(t *testing.T) {
	t.Parallel()
	seen := time.Now().UTC().Truncate(time.Second)
	value := "\x80\x02cdogpile.cache.api\nCachedValue\ncdatetime\ndatetime\nU\x0a" + string([]byte{byte(seen.Year() >> 8), byte(seen.Year()), byte(seen.Month()),
		byte(seen.Day()), byte(seen.Hour()), byte(seen.Minute()), byte(seen.Second()), 0, 0, 0}) + fmt.Sprintf("\x85R}U\x02ctF%d\ns\x86R.", seen.Unix())
	key := servicegroup.Key(&objects.Service{Topic: new("compute"), Host: "reports"})
	l := testproc.Listen(t, func(c net.Conn) {
		for lines := bufio.NewScanner(c); lines.Scan(); {
			if strings.Contains(lines.Text(), key) {
				_, _ = fmt.Fprintf(c, "VALUE %s 1 %d 1\r\n%s\r\n", key, len(value), value)
			}
			_, _ = fmt.Fprint(c, "END\r\n")
		}
	})
	s := novatest.New(t, novatest.Conf("[DEFAULT]\nservicegroup_driver = mc\n[cache]\nenabled = true\nbackend = oslo_cache.memcache_pool\nmemcache_servers = "+l.Addr().String()))
	s.ComputeHost("reports")
	s.ComputeHost("silent")
	admin := s.As("admin")
	admin.Do("GET /os-services?host=reports").Expect(200).Has(`{"services": [{"state": "up"}]}`)
	admin.Do("GET /os-services?host=silent").Expect(200).Has(`{"services": [{"state": "down"}]}`)
	admin.Do("GET /os-hypervisors/detail").Expect(200).Has(`{"hypervisors": [{"state": "up"}, {"state": "down"}]}`)
	admin.Do("GET /os-availability-zone/detail").Expect(200).Has(`{"availabilityZoneInfo": [{"zoneName": "internal"}, {"hosts": {"reports": {"nova-compute": {"available": true}}, "silent": {"nova-compute": {"available": false}}}}]}`)
}
