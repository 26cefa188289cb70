"""Ends of workers: which are told, with what, and for how long."""

import signal
from collections.abc import Iterator

import pytest

from cluster.supervisor import exits as module
from cluster.supervisor.exits import KEPT, Exit, Exits
from cluster.supervisor.runtimes.processes.child import Child
from cluster.supervisor.runtimes.processes.processes import Processes
from cluster.supervisor.runtimes.processes.roles import Stage
from tests.fixtures.eventually import eventually
from tests.supervisor.fixtures.troupe import Troupe, kill
from tests.supervisor.test_crew import running


def told(supervisor: Processes) -> list[tuple[str, int, int, bool]]:
    return [(end.name, end.pid, end.code, end.ordered) for end in supervisor.exits.untold()]


def workers(supervisor: Processes) -> Iterator[Child]:
    return (child for child in supervisor.crew.children() if child.role.kind == "worker")


async def pid_of_the_worker(supervisor: Processes, troupe: Troupe) -> int:
    await eventually(lambda: troupe.started("worker-1"))
    return next(workers(supervisor)).pid


async def test_a_worker_that_is_killed_from_outside_is_told_as_nobodys_order(troupe: Troupe) -> None:
    async with running(troupe.worker, 1) as supervisor:
        pid = await pid_of_the_worker(supervisor, troupe)

        kill(pid)

        await eventually(lambda: told(supervisor) == [("worker-1", pid, -signal.SIGKILL, False)])


async def test_a_worker_that_was_killed_by_order_is_told_as_ordered(troupe: Troupe) -> None:
    async with running(troupe.worker, 1) as supervisor:
        pid = await pid_of_the_worker(supervisor, troupe)

        await supervisor.kill("worker-1")

        await eventually(lambda: told(supervisor) == [("worker-1", pid, -signal.SIGKILL, True)])


async def test_a_worker_that_was_drained_is_told_as_ordered(troupe: Troupe) -> None:
    async with running(troupe.worker, 2) as supervisor:
        await eventually(lambda: troupe.started("worker-2"))
        pid = next(child.pid for child in workers(supervisor) if child.role.name == "worker-2")

        await supervisor.scale(1)

        await eventually(lambda: told(supervisor) == [("worker-2", pid, 0, True)])


async def test_a_worker_that_is_killed_because_it_does_not_drain_is_told_as_ordered(troupe: Troupe) -> None:
    async with running(lambda number: troupe.worker(number, "stubborn", patience=0.1), 1) as supervisor:
        pid = await pid_of_the_worker(supervisor, troupe)

        await supervisor.stop()

        assert told(supervisor) == [("worker-1", pid, -signal.SIGKILL, True)]


async def test_the_end_of_anything_else_is_not_told(troupe: Troupe) -> None:
    async with running(troupe.worker, 1, troupe.role("edge", Stage.EDGE, "fail", "0", once=True)) as supervisor:
        pid = await pid_of_the_worker(supervisor, troupe)
        kill(pid)
        await eventually(lambda: told(supervisor))

        assert [name for name, *_ in told(supervisor)] == ["worker-1"]


def ended(number: int) -> Exit:
    return Exit("worker-1", number, 1, ordered=False)


def test_what_was_told_is_told_again_to_the_next_stream_alone() -> None:
    exits = Exits()
    exits.note(ended(1))
    first = exits.untold()
    exits.note(ended(2))
    exits.told(first)
    assert [end.pid for end in exits.untold()] == [2]

    exits.again()

    assert [end.pid for end in exits.untold()] == [1, 2]


def test_an_end_is_forgotten_when_no_session_can_be_meant_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    exits = Exits()
    exits.note(ended(1))

    monkeypatch.setattr(module, "KEPT_SECONDS", -1.0)

    assert exits.untold() == []


def test_what_is_kept_is_bounded() -> None:
    exits = Exits()
    for number in range(KEPT + 1):
        exits.note(ended(number))

    assert [end.pid for end in exits.untold()][:1] == [1]
    assert len(exits.untold()) == KEPT
