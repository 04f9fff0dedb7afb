package hosts_test

import (
	"testing"

	"github.com/nova-go/nova/internal/novatest"
)

func TestAvailabilityZones(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	s.Service("compute-1", "nova-compute")
	s.Service("control-1", "nova-conductor")
	s.As("demo").Do("GET /os-availability-zone").Expect(200).JSON(`{"availabilityZoneInfo": [{"zoneName": "nova", "zoneState": {"available": true}, "hosts": null}]}`)
	up := `{"available": true, "active": true, "updated_at": "*"}`
	s.As("admin").Do("GET /os-availability-zone/detail").Expect(200).JSON(`{"availabilityZoneInfo": [
		{"zoneName": "internal", "zoneState": {"available": true}, "hosts": {"control-1": {"nova-conductor": ` + up + `}}},
		{"zoneName": "nova", "zoneState": {"available": true}, "hosts": {"compute-1": {"nova-compute": ` + up + `}}}]}`)
	s.As("demo").Do("GET /os-availability-zone/detail").Expect(403)
}
