"""Every fault: what it may hit, how long it lasts, and how it is done to a cluster and undone."""

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import httpx

from tests.chaos import cast
from tests.chaos.cluster import ChaosCluster
from tests.chaos.crash_points import POINTS
from tests.chaos.history import Recorder
from tests.chaos.schedule import Kind, Planned

Deed = Callable[[ChaosCluster, Planned], Awaitable[None]]
PROCESSES = (*cast.COORDINATORS, *cast.EDGES, cast.SUPERVISOR, *cast.STEADY_WORKERS)
DATABASE_LINES = tuple(cast.line_name(name, cast.POSTGRES) for name in (*cast.COORDINATORS, *cast.EDGES))
WORKER_LINES = tuple(
    line
    for worker in cast.STEADY_WORKERS
    for line in (
        cast.line_name("coordinators", worker),
        *(cast.line_name(worker, coordinator) for coordinator in cast.COORDINATORS),
    )
)
LINES = (*DATABASE_LINES, *WORKER_LINES)


@dataclass(frozen=True)
class Fault:
    """A kind of fault and how it is done. `deed` returns when it is over, also when it is cancelled.

    `felt`: it may interrupt something. What must change nothing at all is not told to the checkers, who would excuse
    too much by it.
    """

    kind: Kind
    deed: Deed
    felt: bool = True


async def kill(cluster: ChaosCluster, planned: Planned) -> None:
    cluster.send(planned.target, signal.SIGKILL)


async def terminate(cluster: ChaosCluster, planned: Planned) -> None:
    """SIGTERM under load."""
    cluster.send(planned.target, signal.SIGTERM)


async def freeze(cluster: ChaosCluster, planned: Planned) -> None:
    frozen = cluster.send(planned.target, signal.SIGSTOP)
    try:
        await asyncio.sleep(planned.seconds)
    finally:
        # Not whoever has the name by then.
        if frozen is not None and cluster.pid(planned.target) == frozen:
            cluster.send(planned.target, signal.SIGCONT)


async def kill_postgres(cluster: ChaosCluster, planned: Planned) -> None:
    await asyncio.shield(cluster.database.kill(planned.seconds))


async def restart_postgres(cluster: ChaosCluster, planned: Planned) -> None:
    await asyncio.shield(cluster.database.restart_at_once(planned.seconds))


async def storm(cluster: ChaosCluster, planned: Planned) -> None:
    await cluster.database.storm()


async def cut(cluster: ChaosCluster, planned: Planned) -> None:
    cluster.lines[planned.target].cut()
    await _mended(cluster, planned)


async def slow(cluster: ChaosCluster, planned: Planned) -> None:
    cluster.lines[planned.target].slow(float(planned.detail))
    await _mended(cluster, planned)


async def silence(cluster: ChaosCluster, planned: Planned) -> None:
    cluster.lines[planned.target].silence()
    await _mended(cluster, planned)


async def _mended(cluster: ChaosCluster, planned: Planned) -> None:
    try:
        await asyncio.sleep(planned.seconds)
    finally:
        cluster.lines[planned.target].mend()


async def repeat(cluster: ChaosCluster, planned: Planned) -> None:
    """Outcomes are told twice, and old ones again."""
    await _controlled(cluster, planned, "repeat", True, False)


async def skew(cluster: ChaosCluster, planned: Planned) -> None:
    """Its wall clock is off by so many seconds."""
    await _controlled(cluster, planned, "clock", float(planned.detail), 0.0)


async def crash(cluster: ChaosCluster, planned: Planned) -> None:
    """It kills itself at a crash point, if it gets there; it writes that down itself."""
    await _controlled(cluster, planned, "crash", planned.detail, "")


async def _controlled(
    cluster: ChaosCluster, planned: Planned, what: str, during: float | str | bool, after: float | str | bool
) -> None:
    cluster.controls.change(planned.target, **{what: during})
    try:
        await asyncio.sleep(planned.seconds)
    finally:
        cluster.controls.change(planned.target, **{what: after})


async def order_to_die(cluster: ChaosCluster, planned: Planned) -> None:
    """A kill order through the API."""
    await ordered(cluster, "/api/workers/kill", {"name": planned.target})


async def scale(cluster: ChaosCluster, planned: Planned) -> None:
    await ordered(cluster, "/api/workers/scale", {"count": int(planned.detail)})


async def ordered(cluster: ChaosCluster, path: str, body: dict[str, object]) -> bool:
    """Ask one edge after the other, until one has taken the order; whether one has."""
    async with httpx.AsyncClient(timeout=3) as http:
        for edge in cast.EDGES:
            with contextlib.suppress(httpx.HTTPError):
                if (await http.post(cluster.edge_url(edge) + path, json=body)).status_code == 202:
                    return True
    return False


def _crash_faults() -> list[Fault]:
    return [
        Fault(
            Kind(
                "crash", tuple(name for name in PROCESSES if cast.role_of(name) == role), 2.0, 6.0,
                tuple(f"{point}:{when}:{nth}" for point in points for when in ("before", "after") for nth in (1, 2, 5)),
                weight,
            ),
            crash,
            felt=False,
        )
        for (role, points), weight in zip(POINTS.items(), (3.0, 1.0, 1.5), strict=True)
    ]  # fmt: skip


FAULTS: Sequence[Fault] = (
    Fault(Kind("kill", PROCESSES, weight=4.0), kill),
    Fault(Kind("terminate", PROCESSES, weight=1.5), terminate),
    Fault(Kind("freeze", PROCESSES, 0.3, 8.0, weight=3.0), freeze),
    Fault(Kind("kill-postgres", (cast.POSTGRES,), 0.0, 3.0, weight=0.7), kill_postgres),
    Fault(Kind("restart-postgres", (cast.POSTGRES,), 0.0, 1.0, weight=0.7), restart_postgres),
    Fault(Kind("storm", (cast.POSTGRES,), weight=1.0), storm),
    Fault(Kind("cut", LINES, 0.1, 5.0, weight=2.0), cut),
    Fault(Kind("slow", LINES, 1.0, 8.0, ("0.02", "0.2", "1.0"), weight=1.5), slow),
    Fault(Kind("silence", LINES, 0.5, 8.0, weight=2.0), silence),
    Fault(Kind("repeat", cast.STEADY_WORKERS, 3.0, 10.0, weight=1.5), repeat, felt=False),
    Fault(
        Kind("skew", (*cast.COORDINATORS, *cast.STEADY_WORKERS), 3.0, 20.0, ("3600", "-3600"), weight=1.0),
        skew,
        felt=False,
    ),
    Fault(Kind("order-to-die", cast.STEADY_WORKERS, weight=0.7), order_to_die),
    Fault(Kind("scale", (cast.SUPERVISOR,), details=("2", "3", "4"), weight=0.7), scale),
    *_crash_faults(),
)


def chosen(names: Sequence[str]) -> list[Fault]:
    """The faults with these names, all of them if there are none. Raises ValueError for a name that is no fault."""
    known = {fault.kind.name for fault in FAULTS}
    if unknown := set(names) - known:
        raise ValueError(f"{', '.join(sorted(unknown))}: there are only {', '.join(sorted(known))}")
    return [fault for fault in FAULTS if not names or fault.kind.name in names]


async def inflict(cluster: ChaosCluster, planned: Planned, recorder: Recorder) -> None:
    """Do it, wait until it is over, and write both down."""
    [fault] = [each for each in FAULTS if each.kind.name == planned.fault and planned.target in each.kind.targets]
    facts = {"fault": f"{planned.fault} {planned.detail}".strip(), "target": planned.target}
    if not fault.felt:
        await fault.deed(cluster, planned)
        return
    recorder.write("fault", **facts, phase="begin", target_pid=cluster.pid(planned.target))
    try:
        await fault.deed(cluster, planned)
    finally:
        recorder.write("fault", **facts, phase="end")
