package servers_test

import (
	"testing"

	"github.com/nova-go/nova/internal/novatest"
)

func TestUpdate(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	vm := s.Server(novatest.VM{Name: "web", LockedBy: "admin"})
	put := "PUT /servers/" + vm.UUID
	s.Changes(func() {
		s.As("demo").MV("2.19").Do(put, `{"server": {"name": "new", "description": "d", "accessIPv4": "1.2.3.4", "accessIPv6": "FE80:0::1", "OS-DCF:diskConfig": "MANUAL"}}`).Expect(200).
			Has(`{"server": {"name": "new", "description": "d", "accessIPv4": "1.2.3.4", "accessIPv6": "fe80::1", "OS-DCF:diskConfig": "MANUAL"}}`)
	}).Expect(`cell1 UPDATE instances id=1 updated_at=*→now display_name=web→new display_description=NULL→d access_ip_v4=NULL→1.2.3.4 access_ip_v6=NULL→fe80::1 auto_disk_config=1→0`)
	s.Changes(func() { s.As("demo").Do(put, `{"server": {}}`).Expect(200) }).Expect()
	s.As("demo").MV("2.90").Do(put, `{"server": {"hostname": "other"}}`).Expect(200).Has(`{"server": {"OS-EXT-SRV-ATTR:hostname": "other"}}`)
	s.As("reader").Do(put, `{"server": {"name": "x"}}`).Expect(403)
}

func TestUpdatePinsZone(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	vm := s.Server(novatest.VM{})
	put := func(zone string) *novatest.Response {
		return s.As("demo").MV("2.104").Do("PUT /servers/"+vm.UUID, `{"server": {"pinned_availability_zone": `+zone+`}}`)
	}
	put(`"far"`).Expect(409).Fault("conflictingRequest", "Server can only be pinned to its current availability zone 'nova', but 'far' was requested.")
	s.Changes(func() { put(`"nova"`).Expect(200).Has(`{"server": {"pinned_availability_zone": "nova"}}`) }).Expect(`api UPDATE request_specs id=1 updated_at=NULL→now spec=*`)
	put(`"far"`).Expect(409).Fault("conflictingRequest", "Cannot change pinned availability zone directly. Unpin first by setting pinned_availability_zone to null.")
	put(`null`).Expect(200).Has(`{"server": {"pinned_availability_zone": null}}`)
}
