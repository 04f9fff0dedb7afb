package hosts_test

import (
	"testing"

	"github.com/nova-go/nova/internal/novatest"
)

func TestBaremetalNodesAreIronics(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	s.As("admin").Do("DELETE /os-baremetal-nodes/1").Expect(400).Fault("badRequest", "Command not supported. Please use Ironic command node-delete to perform this action.")
}

func TestBaremetalNodes(t *testing.T) {
	t.Parallel()
	n := novatest.NewStandIn(t, map[string]string{
		"GET /v1/nodes/detail": `200 {"nodes": [{"uuid": "n1", "provision_state": "active", "instance_uuid": "i1", "properties": {"cpus": 8, "memory_mb": "1024"}}]}`,
		"GET /v1/nodes/n1":     `200 {"uuid": "n1", "provision_state": "active", "instance_uuid": "i1", "properties": {"cpus": 8, "memory_mb": "1024"}}`,
		"GET /v1/ports":        `200 {"ports": [{"address": "52:54:00:00:00:01"}]}`,
	})
	s := novatest.New(t, novatest.Conf("[ironic]\nauth_type = none\nendpoint_override = "+n.URL))
	admin := s.As("admin")
	admin.Do("GET /os-baremetal-nodes").Expect(200).
		JSON(`{"nodes": [{"id": "n1", "interfaces": [], "host": "IRONIC MANAGED", "task_state": "active", "cpus": 8, "memory_mb": "1024", "disk_gb": "0"}]}`)
	admin.Do("GET /os-baremetal-nodes/n1").Expect(200).
		JSON(`{"node": {"id": "n1", "interfaces": [{"address": "52:54:00:00:00:01"}], "host": "IRONIC MANAGED", "task_state": "active", "cpus": 8, "memory_mb": "1024", "disk_gb": "0", "instance_uuid": "i1"}}`)
	admin.Do("GET /os-baremetal-nodes/x").Expect(404).Fault("itemNotFound", "Node x could not be found.")
	for answer, class := range map[string]string{"400": "BadRequestException", "403": "ForbiddenException", "412": "PreconditionFailedException", "500": "HttpException"} {
		n.Answer("GET /v1/nodes/n1", answer+" {}")
		admin.Do("GET /os-baremetal-nodes/n1").Expect(500).
			Fault("computeFault", "Unexpected API Error. Please contact the administrator\n<class 'openstack.exceptions."+class+"'>")
	}
	admin.MV("2.36").Do("GET /os-baremetal-nodes").Expect(404)
	s.As("demo").Do("GET /os-baremetal-nodes").Expect(403)
	none := novatest.New(t)
	none.As("admin").Do("GET /os-baremetal-nodes").Expect(500).
		Fault("computeFault", "Unexpected API Error. Please contact the administrator\n<class 'keystoneauth1.exceptions.auth_plugins.MissingAuthPlugin'>")
}
