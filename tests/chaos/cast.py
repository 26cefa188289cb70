"""Who takes part in a chaos run, and where they are found: names, ports, and the lines between them."""

import random
import socket
from collections.abc import Iterator
from typing import Self

import msgspec

HISTORY_VARIABLE = "CHAOS_HISTORY"
"""The folder of the history."""
NAME_VARIABLE = "CHAOS_NAME"
"""Who a process is; workers are told by WORKER_NAME."""
PLACES_VARIABLE = "CHAOS_PLACES"
"""`Places` as JSON."""

COORDINATORS = ("coordinator-1", "coordinator-2")
EDGES = ("edge-1", "edge-2")
SUPERVISOR = "supervisor"
POSTGRES = "postgres"
WORKERS_AT_FIRST, WORKERS_MAX = 3, 4
WORKERS = tuple(f"worker-{number}" for number in range(1, WORKERS_MAX + 1))
STEADY_WORKERS = WORKERS[:WORKERS_AT_FIRST]
"""Those that are there most of the time."""

PORTS = range(20_000, 30_000)
"""Below those that systems give to outgoing connections: a port must be free again when a process comes back."""


def role_of(name: str) -> str:
    """`worker-2` → `worker`."""
    return name.rpartition("-")[0] or name


def line_name(here: str, there: str) -> str:
    return f"{here} to {there}"


class WorkerPlace(msgspec.Struct, frozen=True):
    """`port`: where it listens; `line_port`: where coordinators dial it; `coordinator_lines`: where it dials them."""

    port: int
    line_port: int
    coordinator_lines: tuple[int, ...]


class Places(msgspec.Struct, frozen=True):
    """TCP ports of loopback. `databases`: of each process's line to PostgreSQL."""

    coordinators: dict[str, int]
    edges: dict[str, int]
    workers: dict[str, WorkerPlace]
    databases: dict[str, int]

    @classmethod
    def choose(cls) -> Self:
        """Ports that are free now."""
        ports = _free_ports()
        return cls(
            coordinators={name: next(ports) for name in COORDINATORS},
            edges={name: next(ports) for name in EDGES},
            workers={name: _worker_place(ports) for name in WORKERS},
            databases={name: next(ports) for name in (*COORDINATORS, *EDGES)},
        )

    @classmethod
    def decode(cls, text: str) -> Self:
        return msgspec.json.decode(text, type=cls)

    def encode(self) -> str:
        return msgspec.json.encode(self).decode()

    def worker(self, name: str) -> WorkerPlace:
        return self.workers[name]


def _worker_place(ports: Iterator[int]) -> WorkerPlace:
    return WorkerPlace(next(ports), next(ports), tuple(next(ports) for _ in COORDINATORS))


def _free_ports() -> Iterator[int]:
    # Not by the seed: two runs of one seed may share a machine.
    numbers = list(PORTS)
    random.shuffle(numbers)
    for port in numbers:
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        yield port
