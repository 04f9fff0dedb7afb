"""A Cinder driver without disks: nothing is copied, and an image made of a volume is zeros."""
import io

from cinder import privsep
from cinder.tests import fake_driver

# What Cinder does with privileges it does itself, with those that it has: nothing here
# needs any, and a helper that wants to be root would not start.
privsep.sys_admin_pctxt.set_client_mode(False)


class Driver(fake_driver.FakeLoggingVolumeDriver):

    def copy_image_to_volume(self, context, volume, image_service, image_id, *args, **kwargs):
        pass

    def copy_volume_to_image(self, context, volume, image_service, image_meta):
        image_service.update(context, image_meta["id"], {}, io.BytesIO(bytes(65536)))
