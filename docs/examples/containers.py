"""Nova in a container, for Testcontainers. `make image` builds the image."""

from testcontainers.core.container import DockerContainer
from testcontainers.core.waiting_utils import wait_for_logs


class NovaContainer(DockerContainer):
    """nova-api --dev. It is on the network of the host, because its catalog has addresses of loopback."""

    def __init__(self, image="nova-go:0.1.0", port=8774):
        super().__init__(image, network_mode="host")
        self.auth_url = f"http://127.0.0.1:{port}/identity/v3"
        self.with_command(["--dev", "--port", str(port), "--state", ":memory:"])

    def start(self):
        super().start()
        wait_for_logs(self, "nova-api --dev serves", timeout=30)
        return self

    def auth(self, username="demo", project="demo"):
        """The arguments of openstack.connect()."""
        return {"auth_url": self.auth_url, "username": username, "password": "secret", "project_name": project,
                "user_domain_name": "Default", "project_domain_name": "Default", "region_name": "RegionOne"}
