package attachments_test

import (
	"testing"

	"github.com/nova-go/nova/internal/novatest"
)

const shareID = "0f1c2d3e-0000-4000-8000-00000000000a"

func TestShares(t *testing.T) {
	t.Parallel()
	node := "5f1c2d3e-0000-4000-8000-000000000001"
	n := novatest.NewStandIn(t, map[string]string{
		"GET /resource_providers/" + node + "/traits":     `200 {"traits": ["COMPUTE_STORAGE_VIRTIO_FS", "COMPUTE_MEM_BACKING_FILE"]}`,
		"GET /v2/shares/" + shareID:                       `200 {"share": {"id": "` + shareID + `", "status": "available", "share_proto": "NFS"}}`,
		"GET /v2/shares/" + shareID + "/export_locations": `200 {"export_locations": [{"path": "10.0.0.1:/a", "preferred": false}, {"path": "10.0.0.2:/b", "preferred": true}]}`,
		"GET /v2/shares/busy":                             `200 {"share": {"id": "busy", "status": "creating", "share_proto": "NFS"}}`,
		"GET /v2/shares/busy/export_locations":            `200 {"export_locations": []}`,
		"GET /v2/shares/secret":                           `403 {"forbidden": {"code": 403, "message": "Policy doesn't allow it"}}`,
	})
	s := novatest.New(t, novatest.Conf("[manila]\nendpoint_override = "+n.URL+"/v2\n[placement]\nauth_type = none\nendpoint_override = "+n.URL))
	vm := s.Server(novatest.VM{VMState: "stopped"})
	path := "/servers/" + vm.UUID + "/shares"
	demo, admin := s.As("demo").MV("2.97"), s.As("admin").MV("2.97")
	demo.MV("2.96").Do("GET " + path).Expect(404)
	demo.Do("GET " + path).Expect(200).JSON(`{"shares": []}`)
	attach := `{"share": {"share_id": "` + shareID + `", "tag": "data"}}`
	demo.Do("POST "+path, attach).Expect(403).Fault("forbidden", "Feature not supported until computes have not been updated.")
	s.Service("compute-1", "nova-compute")
	demo.Do("POST "+path, attach).Expect(500).Fault("computeFault", "Unexpected API Error. Please contact the administrator\n<class 'nova.exception.ComputeHostNotFound'>")
	s.Insert("cell1", "compute_nodes", map[string]any{"uuid": node, "host": "compute-1", "hypervisor_hostname": "compute-1", "vcpus": 1, "memory_mb": 1, "local_gb": 1,
		"vcpus_used": 0, "memory_mb_used": 0, "local_gb_used": 0, "hypervisor_type": "QEMU", "hypervisor_version": 1, "cpu_info": "", "deleted": 0})

	demo.Do("POST "+path, `{"share": {"share_id": "11111111-1111-1111-1111-111111111111"}}`).Expect(404).Fault("itemNotFound", "Share 11111111-1111-1111-1111-111111111111 could not be found.")
	var m *novatest.Messages
	s.Changes(func() {
		m = s.Messages(func() {
			admin.Do("POST "+path, attach).Expect(201).Has(`{"share": {"share_id": "` + shareID + `", "status": "attaching", "tag": "data", "export_location": "10.0.0.2:/b"}}`)
		})
	}).Expect(
		`cell1 INSERT instance_actions * action=attach_share *`,
		`cell1 INSERT share_mapping id=1 created_at=now uuid=* instance_uuid=`+vm.UUID+` share_id=`+shareID+` status=attaching tag=data export_location=10.0.0.2:/b share_proto=NFS`)
	m.Expect("cast compute.compute-1 allow_share 6.4 instance=Instance/2.8 share_mapping=ShareMapping/1.2")
	if i, share := m.Of("allow_share", "instance"), m.Of("allow_share", "share_mapping"); i.Has("flavor") || !i.Has("system_metadata") || share.Text("share_proto") != "NFS" || share.Has("access_to") {
		t.Errorf("told of %v and %v", i.Data, share.Data)
	}
	demo.Do("POST "+path, attach).Expect(409).Fault("conflictingRequest", "Share '"+shareID+"' or tag 'data' already associated to this server.")
	demo.Do("GET " + path + "/" + shareID).Expect(200).JSON(`{"share": {"share_id": "` + shareID + `", "status": "attaching", "tag": "data"}}`)
	s.As("reader").MV("2.97").Do("POST "+path, attach).Expect(403)

	s.Changes(func() {
		s.Messages(func() { demo.Do("DELETE " + path + "/" + shareID).Expect(200) }).Expect("cast compute.compute-1 deny_share 6.4 instance=Instance/2.8 share_mapping=ShareMapping/1.2")
	}).Expect(`cell1 INSERT instance_actions * action=detach_share *`, `cell1 UPDATE share_mapping id=1 updated_at=NULL→now status=attaching→detaching`)
	demo.Do("DELETE "+path+"/none").Expect(404).Fault("itemNotFound", "Share none could not be found.")
	active := s.Server(novatest.VM{})
	demo.Do("POST /servers/"+active.UUID+"/shares", attach).Expect(409).Fault("conflictingRequest", "Cannot 'create share' instance "+active.UUID+" while it is in vm_state active")
}

func TestSharesNeedMemoryThatTheHostCanShare(t *testing.T) {
	t.Parallel()
	node := "5f1c2d3e-0000-4000-8000-000000000001"
	n := novatest.NewStandIn(t, map[string]string{"GET /resource_providers/" + node + "/traits": `200 {"traits": ["COMPUTE_STORAGE_VIRTIO_FS"]}`})
	s := novatest.New(t, novatest.Conf("[placement]\nauth_type = none\nendpoint_override = "+n.URL))
	s.Service("compute-1", "nova-compute")
	s.Insert("cell1", "compute_nodes", map[string]any{"uuid": node, "host": "compute-1", "hypervisor_hostname": "compute-1", "vcpus": 1, "memory_mb": 1, "local_gb": 1,
		"vcpus_used": 0, "memory_mb_used": 0, "local_gb_used": 0, "hypervisor_type": "QEMU", "hypervisor_version": 1, "cpu_info": "", "deleted": 0})
	vm := s.Server(novatest.VM{VMState: "stopped"})
	s.As("demo").MV("2.97").Do("POST /servers/"+vm.UUID+"/shares", `{"share": {"share_id": "`+shareID+`"}}`).Expect(409).
		Fault("conflictingRequest", "Feature not supported because either compute or instance are not configured correctly.")
}
