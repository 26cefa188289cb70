"""The figures of a run and what follows from them."""

from dataclasses import asdict, dataclass
from typing import Any

from cluster.store.bare import BareFigures


@dataclass(frozen=True, slots=True)
class EngineFigures:
    """`drain_seconds` by the database clock; `cpu_seconds` of each process while draining; bytes of WAL over a life."""

    tasks: int
    enqueue_seconds: float
    drain_seconds: float
    cpu_seconds: dict[str, float]
    wal_bytes: int


@dataclass(frozen=True, slots=True)
class Machine:
    """Where and with what it was measured."""

    cpu: str
    cores: int
    python: str
    postgresql: str
    settings: dict[str, str]


@dataclass(frozen=True, slots=True)
class Run:
    """Both measurements of one run. Rates are tasks per second."""

    machine: Machine
    bare: BareFigures
    engine: EngineFigures
    workers: int

    @property
    def bare_rate(self) -> float:
        return self.bare.tasks / self.bare.drain_seconds

    @property
    def engine_rate(self) -> float:
        return self.engine.tasks / self.engine.drain_seconds

    @property
    def ratio(self) -> float:
        return self.engine_rate / self.bare_rate

    def document(self) -> dict[str, Any]:
        """For --json: rates in tasks per second, CPU in microseconds per task."""
        return {
            "machine": asdict(self.machine),
            "workers": self.workers,
            "tasks": self.engine.tasks,
            "drain_per_second": round(self.engine_rate),
            "bare_drain_per_second": round(self.bare_rate),
            "ratio": round(self.ratio, 3),
            "enqueue_per_second": round(self.engine.tasks / self.engine.enqueue_seconds),
            "bare_enqueue_per_second": round(self.bare.tasks / self.bare.enqueue_seconds),
            "wal_bytes_per_task": round(self.engine.wal_bytes / self.engine.tasks),
            "cpu_us_per_task": {name: round(us, 1) for name, us in self.cpu_us_per_task().items()},
        }

    def cpu_us_per_task(self) -> dict[str, float]:
        return {name: seconds / self.engine.tasks * 1e6 for name, seconds in self.engine.cpu_seconds.items()}
