package servers_test

import (
	"strings"
	"testing"

	"github.com/nova-go/nova/internal/novatest"
)

func TestServerMetadataIsChanged(t *testing.T) {
	t.Parallel()
	s := novatest.New(t, novatest.Conf("[quota]\nmetadata_items = 3"))
	vm := s.Server(novatest.VM{Metadata: map[string]string{"a": "1", "b": "2"}})
	place := " /servers/" + vm.UUID + "/metadata"
	demo := s.As("demo")
	s.Changes(func() {
		demo.Do("POST"+place, `{"metadata": {"b": "3", "c": "4"}}`).Expect(200).JSON(`{"metadata": {"a": "1", "b": "3", "c": "4"}}`)
	}).Expect(
		`cell1 UPDATE instance_metadata * updated_at=NULL→now value=2→3`,
		`cell1 INSERT instance_metadata * created_at=now key=c value=4 *`,
		`cell1 UPDATE instances id=1 updated_at=*→now`)
	demo.Do("POST"+place, `{"metadata": {"d": "5"}}`).Expect(403).Fault("forbidden", "Maximum number of metadata items exceeds 3")
	s.Changes(func() {
		demo.Do("PUT"+place, `{"metadata": {"a": "1"}}`).Expect(200).JSON(`{"metadata": {"a": "1"}}`)
	}).Expect(
		`cell1 UPDATE instance_metadata id=* deleted_at=NULL→now deleted=0→*`,
		`cell1 UPDATE instance_metadata id=3 *deleted_at=NULL→now deleted=0→3`)
	demo.Do("PUT"+place+"/a", `{"meta": {"a": "9"}}`).Expect(200).JSON(`{"meta": {"a": "9"}}`)
	demo.Do("PUT"+place+"/b", `{"meta": {"a": "9"}}`).Expect(400).Fault("badRequest", "Request body and URI mismatch")
	demo.Do("DELETE"+place+"/b").Expect(404).Fault("itemNotFound", "Metadata item was not found")
	s.Changes(func() { demo.Do("DELETE" + place + "/a").Expect(204) }).Expect(`cell1 UPDATE instance_metadata * deleted_at=NULL→now deleted=0→*`)
	s.As("reader").Do("POST"+place, `{"metadata": {"b": "3"}}`).Expect(403)
	broken := s.Server(novatest.VM{VMState: "error"})
	demo.Do("POST /servers/"+broken.UUID+"/metadata", `{"metadata": {"b": "3"}}`).Expect(409).
		Fault("conflictingRequest", "Cannot 'update metadata' instance "+broken.UUID+" while it is in vm_state error")
}

func TestServerTagsAreChanged(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	vm := s.Server(novatest.VM{Tags: []string{"old"}})
	place := " /servers/" + vm.UUID + "/tags"
	demo := s.As("demo").MV("2.26")
	s.Changes(func() {
		demo.Do("PUT"+place, `{"tags": ["z", "x", "z"]}`).Expect(200).JSON(`{"tags": ["x", "z"]}`)
	}).Expect(`cell1 DELETE tags * tag=old`, `cell1 INSERT tags * tag=x`, `cell1 INSERT tags * tag=z`)
	demo.Do("PUT"+place+"/y").Expect(201).HasHeader("Location", "*/servers/"+vm.UUID+"/tags/y")
	demo.Do("PUT" + place + "/y").Expect(204)
	demo.Do("PUT"+place+"/a%2Cb").Expect(400).Fault("badRequest", "Tag 'a,b' is invalid. * message: 'a,b' does not match '^[^,/]*$'")
	demo.Do("PUT"+place+"/"+strings.Repeat("x", 61)).Expect(400).Fault("badRequest", "*is too long")
	demo.Do("DELETE"+place+"/none").Expect(404).Fault("itemNotFound", "Instance "+vm.UUID+" has no tag 'none'")
	demo.Do("DELETE" + place + "/y").Expect(204)
	demo.Do("DELETE" + place).Expect(204)
	demo.Do("GET" + place).Expect(200).JSON(`{"tags": []}`)
	demo.Do("PUT /servers/8c9e91ef-2f97-45ec-9037-6b6db0918e4b/tags/x").Expect(404).Fault("itemNotFound", "Instance * has no mapping to a cell.")
	broken := s.Server(novatest.VM{VMState: "error"})
	demo.Do("PUT /servers/"+broken.UUID+"/tags/x").Expect(409).Fault("conflictingRequest", "Cannot 'update tag' instance * while it is in vm_state error")
}
