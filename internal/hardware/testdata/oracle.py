"""Answer what Nova makes of flavors and images: JSON lists on standard input and output.

Each case is {"vcpus", "memory_mb", "specs", "properties"}; its answer is
{"topology": object or null} or {"error": class, "message": text}.
"""
import json
import os
import sys

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'release', 'testdata'))
import standin  # noqa: E402, F401

from nova import exception
from nova import objects
from nova.compute import api
from nova.virt import hardware

objects.register_all()


def answer(case):
    flavor = objects.Flavor(id=1, name="f", vcpus=case["vcpus"], memory_mb=case["memory_mb"], root_gb=1, extra_specs=case["specs"])
    image = {"id": "9073cf55-5434-4077-b7f6-7c776bacf4cc", "name": "i", "status": "active", "properties": case["properties"]}
    try:
        meta = api._get_image_meta_obj(image)
        topology = hardware.numa_get_constraints(flavor, meta)
        hardware.get_packed_virtqueue_constraint(flavor, image)
        api.API._validate_flavor_image_numa_pci(image, flavor, validate_numa=False)
        if hasattr(hardware, 'get_sound_model'):
            hardware.get_sound_model(flavor, meta)
    except exception.NovaException as e:
        return {"error": type(e).__name__, "message": e.format_message()}
    except ValueError as e:
        return {"error": "ValueError", "message": str(e)}
    return {"topology": topology and topology.obj_to_primitive(), "properties": meta.properties.obj_to_primitive()}


print(json.dumps([answer(case) for case in json.load(sys.stdin)]))
