"""Nova for the tests of a client: a process for the run, and an empty cloud for each test."""

import os
import subprocess
import tempfile
import urllib.request

import openstack
import pytest

# The program: `go install github.com/nova-go/nova/cmd/nova-api@latest` puts it into $(go env GOPATH)/bin.
NOVA_API = os.environ.get("NOVA_API", "nova-api")


@pytest.fixture(scope="session")
def nova_state():
    """The directory of the state of a running `nova-api --dev`, with its clouds.yaml."""
    with tempfile.TemporaryDirectory() as state, tempfile.TemporaryFile("w+") as log:
        # Port 0 is a free port, so that several runs do not conflict.
        process = subprocess.Popen([NOVA_API, "--dev", "--port", "0", "--state", state, "--build-time", "0s"],
                                   stdout=subprocess.PIPE, stderr=log, text=True)
        # "nova-api --dev serves http://127.0.0.1:PORT; its state is in DIRECTORY" says that it is ready.
        line = process.stdout.readline()
        if " serves " not in line:
            process.wait()
            log.seek(0)
            raise RuntimeError(log.read())
        try:
            yield state
        finally:
            process.terminate()
            process.wait()


@pytest.fixture
def cloud(nova_state):
    """A connection of the user demo to a cloud without servers."""
    config = openstack.config.OpenStackConfig(config_files=[os.path.join(nova_state, "clouds.yaml")], load_envvars=False)
    connection = openstack.connection.Connection(config=config.get_one("nova-dev"))
    root = connection.config.auth["auth_url"].removesuffix("/identity/v3")
    urllib.request.urlopen(urllib.request.Request(root + "/dev/reset", method="POST")).close()
    yield connection
    connection.close()
