"""Settings: every environment variable, its default, and the message that names it when it is wrong.

Read once in a composition root (`Settings.from_env(os.environ)`) and passed down.
"""

import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from cluster.core.dispatch import DispatchPolicy
from cluster.core.errors import SettingsError
from cluster.core.limits import WORKERS_MAX
from cluster.runtime.paths import default_home, socket_folder

Environment = Mapping[str, str]
T = TypeVar("T", int, float)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a role listens or is dialled."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


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
    def from_env(cls, env: Environment) -> "Settings":
        """Raises SettingsError, whose message names the variable and says what it takes."""
        home = Path(env.get("TASKMASTER_HOME") or default_home()).expanduser().absolute()
        database_url, embedded = _database(env, home)
        return cls(
            home=home,
            database_url=database_url,
            embedded=embedded,
            scheduler=_listen(env, "SCHEDULER_PORT", ":8081"),
            coordinator=_listen(env, "COORDINATOR_PORT", ":8080"),
            coordinators=_addresses(env, "COORDINATOR_ADDRESS", "127.0.0.1:8080"),
            worker_host=env.get("WORKER_ADDRESS") or ("127.0.0.1" if not in_container() else socket.gethostname()),
            worker_port=_integer(env, "WORKER_PORT", 0, 0, 65535),
            worker_name=_text(env, "WORKER_NAME", f"{socket.gethostname()}", 100),
            worker_pool_size=_integer(env, "WORKER_POOL_SIZE", 5, 1, 1000),
            workers=_integer(env, "WORKERS", 3, 1, WORKERS_MAX),
            task_modules=_list(env, "TASKMASTER_TASKS"),
            task_process_time=_number(env, "TASK_PROCESS_TIME", 5.0, 0.0, 86400.0),
            heartbeat_interval=_number(env, "HEARTBEAT_INTERVAL", 5.0, 0.05, 3600.0),
            heartbeat_misses=_integer(env, "HEARTBEAT_MISSES", 3, 1, 100),
            dispatch_policy=_choice(env, "DISPATCH_POLICY", DispatchPolicy.ROUND_ROBIN, DispatchPolicy),
            drain_timeout=_number(env, "DRAIN_TIMEOUT", 30.0, 0.0, 86400.0),
            db_pool_size=_integer(env, "DB_POOL_SIZE", 10, 4, 500),
            log_buffer=_integer(env, "LOG_BUFFER", 250, 1, 100_000),
            log_format=_log_format(env),
            history_days=_integer(env, "HISTORY_DAYS", 30, 1, 3650),
            shell_commands=_list(env, "SHELL_COMMANDS"),
            http_targets=_list(env, "HTTP_TARGETS"),
        )


def in_container() -> bool:
    """Whether this process runs in a container, where listening on loopback alone would be useless."""
    return Path("/.dockerenv").exists() or Path("/run/.containerenv").exists() or "KUBERNETES_SERVICE_HOST" in os.environ


def _database(env: Environment, home: Path) -> tuple[str, bool]:
    if url := env.get("DATABASE_URL"):
        if not url.startswith(("postgresql://", "postgres://")) and "=" not in url:
            raise SettingsError("DATABASE_URL must look like postgresql://user:password@host:5432/scheduler")
        return url, False
    name, user = env.get("POSTGRES_DB") or "scheduler", env.get("POSTGRES_USER") or "postgres"
    if host := env.get("POSTGRES_HOST"):
        port = _integer(env, "POSTGRES_PORT", 5432, 1, 65535)
        secret = env.get("POSTGRES_PASSWORD", "")
        login = quote(user, safe="") + (f":{quote(secret, safe='')}" if secret else "")
        return f"postgresql://{login}@{host}:{port}/{quote(name, safe='')}", False
    return f"postgresql://{quote(user, safe='')}@/{quote(name, safe='')}?host={quote(str(socket_folder(home)), safe='')}", True


def _listen(env: Environment, name: str, default: str) -> Address:
    value = env.get(name) or default
    host, colon, port = value.rpartition(":")
    if not colon:
        host, port = "", value
    if not port.isdecimal() or int(port) > 65535:
        raise SettingsError(f"{name}={value!r} must be :port or host:port with a port from 0 to 65535")
    return Address(host.strip("[]") or ("0.0.0.0" if in_container() else "127.0.0.1"), int(port))  # noqa: S104


def _addresses(env: Environment, name: str, default: str) -> tuple[str, ...]:
    addresses = tuple(part.strip() for part in (env.get(name) or default).split(",") if part.strip())
    for address in addresses:
        host, colon, port = address.rpartition(":")
        if not colon or not host or not port.isdecimal() or not 0 < int(port) < 65536:
            raise SettingsError(f"{name} must be host:port, or several separated by commas; {address!r} is not")
    return addresses


def _list(env: Environment, name: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in env.get(name, "").split(",") if part.strip())


def _text(env: Environment, name: str, default: str, most: int) -> str:
    value = env.get(name) or default
    if len(value) > most or not value.isprintable():
        raise SettingsError(f"{name} must be 1 to {most} printable characters")
    return value


def _integer(env: Environment, name: str, default: int, least: int, most: int) -> int:
    return _bounded(env, name, default, least, most, int, "a whole number")


def _number(env: Environment, name: str, default: float, least: float, most: float) -> float:
    return _bounded(env, name, default, least, most, float, "a number")


def _bounded(
    env: Environment, name: str, default: T, least: T, most: T, parse: Callable[[str], T], kind: str
) -> T:
    text = env.get(name, "").strip()
    if not text:
        return default
    try:
        value = parse(text)
    except ValueError:
        value = most + 1
    if not least <= value <= most:
        raise SettingsError(f"{name}={text!r} must be {kind} from {least} to {most}")
    return value


def _choice(env: Environment, name: str, default: DispatchPolicy, kind: type[DispatchPolicy]) -> DispatchPolicy:
    value = env.get(name) or default
    try:
        return kind(value)
    except ValueError:
        raise SettingsError(f"{name}={value!r} must be one of: {', '.join(kind)}") from None


def _log_format(env: Environment) -> str:
    value = env.get("LOG_FORMAT") or "auto"
    if value not in {"auto", "console", "json"}:
        raise SettingsError(f"LOG_FORMAT={value!r} must be console or json")
    return value
