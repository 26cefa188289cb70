"""Settings: every environment variable, its default and its bounds.

Read once in a composition root (`Settings.from_env(os.environ)`) and passed down.
"""

import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from cluster.core.dispatch import DispatchPolicy
from cluster.core.errors import SettingsError
from cluster.core.limits import WORKERS_MAX
from cluster.runtime.paths import default_home, socket_folder
from cluster.runtime.variables import Address, Variables


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a process may be told from outside; durations in seconds."""

    home: Path
    database_url: str
    embedded: bool
    scheduler: Address
    coordinator: Address
    coordinators: tuple[str, ...]
    worker_host: str
    worker_port: int
    worker_name: str
    worker_prefix: str
    worker_pool_size: int
    workers: int
    task_modules: tuple[str, ...]
    task_process_time: float
    heartbeat_interval: float
    heartbeat_misses: int
    dispatch_policy: DispatchPolicy
    drain_timeout: float
    db_pool_size: int
    log_buffer: int
    log_format: str
    history_days: int
    read_only: bool
    edge_names: tuple[str, ...]
    shell_commands: tuple[str, ...]
    http_targets: tuple[str, ...]

    @property
    def session_ttl(self) -> float:
        """Seconds without a heartbeat after which a worker is lost."""
        return self.heartbeat_interval * self.heartbeat_misses

    @property
    def url(self) -> str:
        """Where people reach the edge from this machine."""
        host = "127.0.0.1" if self.scheduler.host in {"0.0.0.0", "::"} else self.scheduler.host  # noqa: S104
        return f"http://{Address(host, self.scheduler.port)}"

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "Settings":
        """Raises SettingsError, whose message names the variable and says what it takes."""
        read, contained = Variables(env), in_container()
        any_host = "0.0.0.0" if contained else "127.0.0.1"  # noqa: S104
        home = read.folder("TASKMASTER_HOME", default_home())
        coordinator = read.listen("COORDINATOR_PORT", ":8080", any_host)
        coordinators = read.addresses("COORDINATOR_ADDRESS", f"127.0.0.1:{coordinator.port or 8080}")
        database_url, embedded = _database(read, home)
        return cls(
            home=home,
            database_url=database_url,
            embedded=embedded,
            scheduler=read.listen("SCHEDULER_PORT", ":8081", any_host),
            coordinator=coordinator,
            coordinators=coordinators,
            worker_host=read.host("WORKER_ADDRESS", _this_host(coordinators)),
            worker_port=read.integer("WORKER_PORT", 0, least=0, most=65535),
            worker_name=read.text("WORKER_NAME", socket.gethostname(), 100),
            # Of a supervisor: where there are several, each is given a name of its own.
            worker_prefix=read.text("WORKER_NAME", "worker", 100),
            worker_pool_size=read.integer("WORKER_POOL_SIZE", 5, least=1, most=1000),
            workers=read.integer("WORKERS", 3, least=1, most=WORKERS_MAX),
            task_modules=read.names("TASKMASTER_TASKS"),
            task_process_time=read.number("TASK_PROCESS_TIME", 5.0, least=0.0, most=86400.0),
            heartbeat_interval=read.number("HEARTBEAT_INTERVAL", 5.0, least=0.05, most=3600.0),
            heartbeat_misses=read.integer("HEARTBEAT_MISSES", 3, least=1, most=100),
            dispatch_policy=DispatchPolicy(
                read.choice("DISPATCH_POLICY", DispatchPolicy.ROUND_ROBIN, tuple(DispatchPolicy))
            ),
            drain_timeout=read.number("DRAIN_TIMEOUT", 30.0, least=0.0, most=86400.0),
            db_pool_size=read.integer("DB_POOL_SIZE", 10, least=4, most=500),
            log_buffer=read.integer("LOG_BUFFER", 250, least=1, most=100_000),
            log_format=read.choice("LOG_FORMAT", "auto", ("auto", "console", "json")),
            history_days=read.integer("HISTORY_DAYS", 30, least=1, most=3650),
            read_only=read.choice("DASHBOARD", "full", ("full", "read_only")) == "read_only",
            edge_names=read.hosts("EDGE_NAMES"),
            shell_commands=read.names("SHELL_COMMANDS"),
            http_targets=read.names("HTTP_TARGETS"),
        )


def _this_host(coordinators: Sequence[str]) -> str:
    """What a worker announces, so that the coordinators can dial it: loopback only if they are all on this machine."""
    nearby = all(address.startswith(("127.", "localhost:", "[::1]:")) for address in coordinators)
    return "127.0.0.1" if nearby else socket.gethostname()


def in_container() -> bool:
    """Whether this process runs in a container, where listening on loopback alone would be useless."""
    marks = (Path("/.dockerenv"), Path("/run/.containerenv"))
    return any(mark.exists() for mark in marks) or "KUBERNETES_SERVICE_HOST" in os.environ


def _database(read: Variables, home: Path) -> tuple[str, bool]:
    """The URL, and whether it is that of the embedded server."""
    if url := read.text("DATABASE_URL", "", 10_000):
        if not url.startswith(("postgresql://", "postgres://")) and "=" not in url:
            raise SettingsError("DATABASE_URL must look like postgresql://user:password@host:5432/scheduler")
        return url, False
    name = quote(read.text("POSTGRES_DB", "scheduler"), safe="")
    host = read.text("POSTGRES_HOST", "")
    if not host:
        sockets = quote(str(socket_folder(home)), safe="")
        return f"postgresql://postgres@/{name}?host={sockets}", True
    port = read.integer("POSTGRES_PORT", 5432, least=1, most=65535)
    login = quote(read.text("POSTGRES_USER", "postgres"), safe="")
    if secret := read.secret("POSTGRES_PASSWORD"):
        login += f":{quote(secret, safe='')}"
    # A folder of sockets travels in the host part with percent signs; IPv6 wants brackets.
    where = f"[{host}]" if ":" in host else quote(host, safe="")
    return f"postgresql://{login}@{where}:{port}/{name}", False
