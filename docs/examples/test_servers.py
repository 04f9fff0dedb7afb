"""Tests of a client. The fixture is in conftest.py."""

import json
import urllib.request


def create(cloud, name="vm"):
    return cloud.create_server(name, image="cirros", flavor="m1.tiny", network="private", wait=True)


def test_server_becomes_active(cloud):
    assert create(cloud).status == "ACTIVE"


def test_cloud_is_empty(cloud):
    assert list(cloud.compute.servers()) == []


def test_failed_build(cloud):
    root = cloud.config.auth["auth_url"].removesuffix("/identity/v3")
    fault = {"method": "build_and_run_instance", "message": "No space left on device"}
    urllib.request.urlopen(urllib.request.Request(root + "/dev/faults", json.dumps(fault).encode(), method="POST")).close()
    server = cloud.compute.create_server(
        name="vm", image_id=cloud.image.find_image("cirros").id, flavor_id=cloud.compute.find_flavor("m1.tiny").id,
        networks=[{"uuid": cloud.network.find_network("private").id}])
    server = cloud.compute.wait_for_server(server, status="ERROR", failures=["ACTIVE"], interval=0.1, wait=30)
    assert "No space left on device" in server.fault["message"]
