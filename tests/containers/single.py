"""The same roles without Compose: PostgreSQL and each role a container by itself, in a network of their own."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from testcontainers.community.postgres import PostgresContainer
from testcontainers.core.container import DockerContainer
from testcontainers.core.network import Network

from cluster.client import Client

DATABASE = {"POSTGRES_HOST": "postgres", "POSTGRES_USER": "test", "POSTGRES_PASSWORD": "test", "POSTGRES_DB": "test"}


@contextmanager
def cluster(image: str, postgres_image: str, workers: int = 2) -> Iterator[Client]:
    """A client of a cluster that has begun to start; at the end nothing of it is left."""
    with ExitStack() as stack:
        network = stack.enter_context(Network())
        postgres = PostgresContainer(postgres_image).with_network(network).with_network_aliases("postgres")
        stack.enter_context(postgres)

        def role(*command: str, ports: tuple[int, ...] = (), **env: str) -> DockerContainer:
            container = DockerContainer(image, command=list(command), network=network, network_aliases=[command[0]])
            container.with_envs(COORDINATOR_ADDRESS="coordinator:8080", **env).with_exposed_ports(*ports)
            return stack.enter_context(container)

        migrate = role("migrate", "--wait", **DATABASE)
        assert migrate.get_wrapped_container().wait()["StatusCode"] == 0
        role("coordinator", **DATABASE)
        for _ in range(workers):
            role("worker")
        edge = role("edge", ports=(8081,), **DATABASE)
        url = f"http://{edge.get_container_host_ip()}:{edge.get_exposed_port(8081)}"
        yield stack.enter_context(Client(url))
