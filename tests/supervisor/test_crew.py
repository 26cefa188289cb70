"""All children together: what is started when, what is tried again, in which order all stop."""

import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from cluster.core.errors import CannotStart
from cluster.core.retry import Backoff
from cluster.supervisor.runtimes.processes.child import Child, Phase
from cluster.supervisor.runtimes.processes.processes import Processes
from cluster.supervisor.runtimes.processes.restarts import RestartPolicy
from cluster.supervisor.runtimes.processes.roles import Role, Stage
from tests.fixtures.eventually import eventually
from tests.supervisor.fixtures.troupe import Troupe, kill, state

QUICK = RestartPolicy(pauses=Backoff(first=0.01, cap=0.05, jitter=0.0), tries=3)
SETTLING = RestartPolicy(pauses=Backoff(first=0.01, cap=0.05, jitter=0.0), settled_after=0.0, tries=3)


@asynccontextmanager
async def running(
    worker: Callable[[int], Role], desired: int, *fixed: Role, policy: RestartPolicy = QUICK
) -> AsyncIterator[Processes]:
    """A supervisor with this crew; whatever is left at the end is killed."""
    supervisor = Processes(fixed, worker, desired, policy=policy)
    await supervisor.start()
    try:
        yield supervisor
    finally:
        for child in supervisor.crew.children():
            child.signal(signal.SIGKILL)
        await supervisor.stop()


def child(supervisor: Processes, name: str) -> Child | None:
    return next((child for child in supervisor.crew.children() if child.role.name == name), None)


def names(supervisor: Processes) -> list[str]:
    """Workers that run, by number."""
    workers = [each for each in supervisor.crew.children() if each.role.stage is Stage.WORKERS]
    return sorted((each.role.name for each in workers if each.phase is Phase.RUNNING), key=lambda name: int(name[7:]))


async def test_each_stage_waits_until_all_below_are_ready(troupe: Troupe) -> None:
    open_gate = troupe.folder / "gate"
    database = troupe.role("postgres", Stage.DATABASE, ready=open_gate.exists)
    schema = troupe.role("migrate", Stage.SCHEMA, "fail", "0", once=True)
    services = [troupe.role("coordinator", Stage.COORDINATOR), troupe.role("edge", Stage.EDGE)]

    async with running(troupe.worker, 1, database, schema, *services) as supervisor:
        await eventually(lambda: troupe.started("postgres"))
        assert child(supervisor, "migrate").phase is Phase.WAITING
        open_gate.touch()
        await eventually(lambda: troupe.started("worker-1"))

    order = [line.split()[0] for line in troupe.lines() if line.endswith("started")]
    assert order[:2] == ["postgres", "migrate"]
    assert order.index("worker-1") > order.index("migrate")


async def test_workers_drain_first_and_the_database_stops_last(troupe: Troupe) -> None:
    services = [troupe.role("coordinator", Stage.COORDINATOR), troupe.role("edge", Stage.EDGE)]
    fixed = [troupe.role("postgres", Stage.DATABASE), *services]
    async with running(troupe.worker, 2, *fixed) as supervisor:
        await eventually(
            lambda: all(troupe.started(name) for name in ("postgres", "coordinator", "edge", "worker-1", "worker-2"))
        )

        await supervisor.stop()

    ends = [line.split()[0] for line in troupe.lines() if line.endswith("drains")]
    assert set(ends[:2]) == {"worker-1", "worker-2"}
    assert ends[2:] == ["coordinator", "edge", "postgres"]


async def test_a_child_that_dies_is_started_again(troupe: Troupe) -> None:
    async with running(troupe.worker, 1) as supervisor:
        first = await eventually(lambda: (found := child(supervisor, "worker-1")) and found.pid)

        kill(first)

        await eventually(lambda: child(supervisor, "worker-1").pid not in {0, first})
        assert child(supervisor, "worker-1").restarts == 1
        assert state(first) == ""


async def test_a_failure_that_passes_is_got_over(troupe: Troupe) -> None:
    marker = str(troupe.folder / "failed before")
    async with running(lambda number: troupe.worker(number, "fail_once", marker), 1) as supervisor:
        await eventually(lambda: troupe.lines().count("worker-1 started") == 2)

        assert supervisor.crew.failure is None


async def test_an_essential_child_that_cannot_start_is_given_up_with_its_reason(troupe: Troupe) -> None:
    edge = troupe.role("edge", Stage.EDGE, "fail", "78", "port", "8081", "is", "in", "use", essential=True)
    async with running(troupe.worker, 1, edge) as supervisor:
        error = await supervisor.given_up()

    assert isinstance(error, CannotStart)
    assert error.detail == "edge cannot start: port 8081 is in use"
    assert troupe.lines().count("edge started") == 1


async def test_an_essential_child_that_always_fails_is_given_up_after_some_tries(troupe: Troupe) -> None:
    edge = troupe.role("edge", Stage.EDGE, "fail", "1", "no", "luck", essential=True)
    async with running(troupe.worker, 1, edge) as supervisor:
        error = await supervisor.given_up()

    assert error.detail == "edge failed and was given up: no luck"
    assert troupe.lines().count("edge started") == QUICK.tries


async def test_a_step_that_is_done_once_is_not_tried_again(troupe: Troupe) -> None:
    migrate = troupe.role("migrate", Stage.SCHEMA, "fail", "1", "no", "database", essential=True, once=True)
    async with running(troupe.worker, 1, migrate) as supervisor:
        error = await supervisor.given_up()

    assert "no database" in error.detail
    assert troupe.lines() == ["migrate started"]


async def test_the_supervisor_gives_up_when_no_worker_can_start(troupe: Troupe) -> None:
    async with running(lambda number: troupe.worker(number, "fail", "78", "no", "such", "module"), 3) as supervisor:
        error = await supervisor.given_up()

    assert "no such module" in error.detail
    assert len(troupe.lines()) == 3


async def test_a_worker_that_ran_well_is_tried_for_ever(troupe: Troupe) -> None:
    pids = [0]

    def next_life() -> int:
        found = child(supervisor, "worker-1")
        # `settled_after` is 0: one look at the running child is enough.
        return found.pid if found and found.settled and found.pid != pids[-1] else 0

    async with running(troupe.worker, 1, policy=SETTLING) as supervisor:
        for _ in range(SETTLING.tries + 2):
            pids.append(await eventually(next_life))
            kill(pids[-1])
        await eventually(next_life)

        assert supervisor.crew.failure is None


async def test_a_worker_that_tasks_kill_is_tried_for_ever(troupe: Troupe) -> None:
    pids = [0]

    def next_life() -> int:
        found = child(supervisor, "worker-1")
        return found.pid if found and found.phase is Phase.RUNNING and found.pid != pids[-1] else 0

    async with running(troupe.worker, 1) as supervisor:
        for _ in range(QUICK.tries + 2):
            pids.append(await eventually(next_life))
            kill(pids[-1])
        await eventually(next_life)

        assert not child(supervisor, "worker-1").settled
        assert supervisor.crew.failure is None


async def test_a_worker_whose_first_task_ends_it_before_anybody_looked_is_tried_for_ever(troupe: Troupe) -> None:
    async with running(lambda number: troupe.worker(number, "crash"), 2) as supervisor:
        for name in ("worker-1", "worker-2"):
            await eventually(lambda name=name: troupe.lines().count(f"{name} started") > QUICK.tries + 2)

        assert supervisor.crew.failure is None


async def test_workers_that_crash_while_they_load_their_tasks_are_given_up_after_some_tries(troupe: Troupe) -> None:
    broken = (sys.executable, "-c", "import os; os.abort()")
    async with running(lambda number: replace(troupe.worker(number), argv=broken), 2) as supervisor:
        error = await supervisor.given_up()

        assert error.detail == "worker-1 failed and was given up: killed by SIGABRT"
        assert [each.restarts for each in supervisor.crew.children()] == [QUICK.tries - 1] * 2


async def test_a_worker_that_was_given_up_is_tried_again_by_the_next_order(troupe: Troupe) -> None:
    broken = troupe.folder / "broken"
    broken.touch()

    def worker(number: int) -> Role:
        return troupe.worker(number, "fail", "78") if number == 2 and broken.exists() else troupe.worker(number)

    async with running(worker, 2) as supervisor:
        await eventually(lambda: (found := child(supervisor, "worker-2")) and found.phase is Phase.FAILED)
        broken.unlink()

        await supervisor.scale(2)

        await eventually(lambda: names(supervisor) == ["worker-1", "worker-2"])


async def test_scaling_starts_and_drains_workers(troupe: Troupe) -> None:
    async with running(troupe.worker, 2) as supervisor:
        await eventually(lambda: names(supervisor) == ["worker-1", "worker-2"])

        await supervisor.scale(5)
        await eventually(lambda: len(names(supervisor)) == 5)
        await eventually(lambda: all(troupe.started(f"worker-{number}") for number in range(1, 6)))

        await supervisor.scale(1)
        await eventually(lambda: names(supervisor) == ["worker-1"] and len([*supervisor.crew.children()]) == 1)

    drained = [line for line in troupe.lines() if line.endswith("drains")]
    assert sorted(drained)[:4] == [f"worker-{number} drains" for number in (2, 3, 4, 5)]


async def test_a_worker_that_does_not_drain_in_time_is_killed(troupe: Troupe) -> None:
    async with running(lambda number: troupe.worker(number, "stubborn", patience=0.2), 1) as supervisor:
        await eventually(lambda: troupe.started("worker-1"))
        pid = child(supervisor, "worker-1").pid

        await supervisor.stop()

    assert troupe.lines() == ["worker-1 started", "worker-1 drains"]
    assert state(pid) == ""


async def test_killing_by_name_kills_and_replaces_that_worker_alone(troupe: Troupe) -> None:
    async with running(troupe.worker, 2) as supervisor:
        await eventually(lambda: troupe.started("worker-1") and troupe.started("worker-2"))
        before = {each.role.name: each.pid for each in supervisor.crew.children()}

        assert await supervisor.kill("worker-2")

        await eventually(lambda: child(supervisor, "worker-2").pid not in {0, before["worker-2"]})
        assert child(supervisor, "worker-1").pid == before["worker-1"]
        assert "worker-2 drains" not in troupe.lines()


async def test_a_worker_that_drains_by_order_is_replaced_at_once(troupe: Troupe) -> None:
    async with running(troupe.worker, 2) as supervisor:
        await eventually(lambda: troupe.started("worker-1") and troupe.started("worker-2"))
        before = {each.role.name: each.pid for each in supervisor.crew.children()}

        assert await supervisor.drain("worker-2")
        assert not await supervisor.drain("worker-9")

        await eventually(lambda: troupe.started("worker-3") and names(supervisor) == ["worker-1", "worker-3"])
        await eventually(lambda: state(before["worker-2"]) == "")
        assert child(supervisor, "worker-1").pid == before["worker-1"]
        assert "worker-2 drains" in troupe.lines()
        assert supervisor.desired == 2


async def test_killing_by_order_is_no_failure_of_the_worker(troupe: Troupe) -> None:
    async with running(troupe.worker, 1) as supervisor:
        for turn in range(QUICK.tries + 2):
            await eventually(lambda turn=turn: troupe.lines().count("worker-1 started") == turn + 1)
            assert await supervisor.kill("worker-1")
        await eventually(lambda: names(supervisor) == ["worker-1"])

        assert supervisor.crew.failure is None


@pytest.mark.parametrize("name", ["worker-9", "edge", ""])
async def test_only_a_worker_that_runs_here_can_be_killed(troupe: Troupe, name: str) -> None:
    async with running(troupe.worker, 1, troupe.role("edge", Stage.EDGE)) as supervisor:
        await eventually(lambda: names(supervisor) == ["worker-1"])

        assert not await supervisor.kill(name)


async def test_a_program_that_is_not_there_is_a_failure_like_any_other(troupe: Troupe) -> None:
    role = Role("edge", "edge", ("/no/such/program",), Stage.EDGE, patience=1.0, essential=True)
    async with running(troupe.worker, 1, role) as supervisor:
        error = await supervisor.given_up()

    assert "/no/such/program: No such file or directory" in error.detail


async def test_stop_before_start_and_stop_twice_do_no_harm(troupe: Troupe) -> None:
    supervisor = Processes([troupe.role("edge", Stage.EDGE)], troupe.worker, 1)

    await supervisor.stop()
    await supervisor.stop()

    assert troupe.lines() == []


async def test_a_child_is_told_by_its_repr(troupe: Troupe) -> None:
    async with running(troupe.worker, 1) as supervisor:
        await eventually(lambda: names(supervisor) == ["worker-1"])
        pid = child(supervisor, "worker-1").pid

        assert repr(child(supervisor, "worker-1")) == f"<Child worker-1 running pid={pid} restarts=0>"


async def test_time_that_jumps_does_not_wake_what_is_not_due(troupe: Troupe) -> None:
    async with running(troupe.worker, 1) as supervisor:
        await eventually(lambda: names(supervisor) == ["worker-1"])

        assert supervisor.crew.advance(time.monotonic()) is None
