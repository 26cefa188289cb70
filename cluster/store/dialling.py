"""How PostgreSQL is dialled: what every connection is told, whoever opens it."""

from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from cluster.core.errors import SettingsError

CONNECT_SECONDS = 5
"""For each host that the URL names."""

LINE = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 20_000}
"""A line that swallows everything is noticed after 20 to 25 s; by itself TCP would wait for a quarter of an hour."""

_SAME_FROM_THE_SERVER = (
    "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3 -c tcp_user_timeout=20000"
)
"""The server, too, would keep the backends of a client that vanished for two hours, with what they locked."""

Parameters = dict[str, Any]


def parameters(url: str, role: str, *, options: str = "") -> Parameters:
    """What to add to `url` when it is dialled. `role` becomes application_name, `options` settings of the session.

    Where the URL names several hosts, the one that takes writes is looked for, unless it says what else to look for.
    Raises SettingsError when it cannot be read, and does not repeat it: it may hold a password.
    """
    given = _read(url)
    chosen: Parameters = {
        "application_name": f"taskmaster {role}",
        "connect_timeout": given.get("connect_timeout", CONNECT_SECONDS),
        # Ours last: of two values for one setting the later one holds.
        "options": f"{given.get('options', '')} {_SAME_FROM_THE_SERVER} -c timezone=UTC {options}".strip(),
        **LINE,
    }
    if len(_hosts(given)) > 1:
        chosen["target_session_attrs"] = given.get("target_session_attrs", "read-write")
    return chosen


def where(url: str) -> str:
    """The hosts and ports of `url`, to be told to people."""
    return ", ".join(_hosts(_read(url)))


def _read(url: str) -> Parameters:
    try:
        # Without what is None, which psycopg leaves out anyway.
        return {name: value for name, value in conninfo_to_dict(url).items() if value is not None}
    except psycopg.Error:
        raise SettingsError(
            "the URL of PostgreSQL cannot be read; it looks like postgresql://user:password@host:5432/scheduler"
        ) from None


def _hosts(given: Parameters) -> list[str]:
    hosts = str(given.get("host") or given.get("hostaddr") or "the local socket").split(",")
    ports = [port or "5432" for port in str(given.get("port") or 5432).split(",")]
    # One port is everybody's.
    ports = ports * len(hosts) if len(ports) == 1 else ports
    return [f"{host}:{port}" for host, port in zip(hosts, ports, strict=False)]
