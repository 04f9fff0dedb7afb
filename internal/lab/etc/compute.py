"""nova-compute on a host whose servers are only pretended.

Nova's own pretended driver makes up the identity of its node anew in every process,
and a host whose node changes does not start. This one keeps its identity in a file, as
hosts do, knows how long it has been up, and has an image to upload for a snapshot.
"""
import io
import sys

from nova.cmd import compute  # before all else: it decides how there are threads
from nova.image import glance
from nova.virt import fake
from nova.virt import node


class LabDriver(fake.FakeLiveMigrateDriver):

    def get_available_resource(self, nodename):
        resources = super().get_available_resource(nodename)
        if resources:
            resources["uuid"] = node.get_local_node_uuid()
        return resources

    def get_nodenames_by_uuid(self, refresh=False):
        return {node.get_local_node_uuid(): self.get_available_nodes()[0]}

    def get_host_uptime(self):
        return " 09:14:02 up 41 days,  3:06,  1 user,  load average: 0.11, 0.09, 0.05"

    def snapshot(self, context, instance, image_id, update_task_state):
        super().snapshot(context, instance, image_id, update_task_state)
        images = glance.API()
        name = images.get(context, image_id)["name"]
        told = {"name": name, "status": "active", "disk_format": "raw", "container_format": "bare", "properties": {}}
        images.update(context, image_id, told, io.BytesIO(bytes(65536)), purge_props=False)


fake.LabDriver = LabDriver  # nova.conf names drivers below nova.virt
sys.argv[0] = "nova-compute"
sys.exit(compute.main())
