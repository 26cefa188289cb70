"""Processes are killed, frozen and cut off; nothing is lost, and what ran twice was in flight.

Seconds to the rescue are printed (`pytest -s`), not asserted: tests share the machine.
"""

import asyncio
import signal
import time
from datetime import datetime

import pytest

from tests.acceptance.cluster import RunningCluster
from tests.acceptance.load import Load
from tests.acceptance.parts import LADDER_SECONDS, Parts, Row
from tests.acceptance.processes import CHECKOUT, free_ports, kill_all
from tests.acceptance.runs import run_twice, runs_in
from tests.chaos.lines import Line, to_port
from tests.fixtures.eventually import eventually

FAR_WORKER = CHECKOUT / "tests" / "acceptance" / "fixtures" / "far_worker.py"


@pytest.fixture
def parts(database_url: str, own: RunningCluster) -> Parts:
    # In this order: the database goes when everybody has left it.
    return Parts(own, database_url)


def told(what: str, rows: dict[str, Row], since: datetime) -> None:
    """Print how long it took until these tasks ran again."""
    seconds = sorted((row.started_at - since).total_seconds() for row in rows.values())
    print(f"{what}: {len(seconds)} tasks ran again after {seconds[0]:.2f} to {seconds[-1]:.2f} s")


async def test_twenty_tasks_of_a_killed_worker_all_run_elsewhere_and_complete_once(parts: Parts) -> None:
    parts.coordinator()
    parts.edge()
    # Every other task is the victim's; the heir has room for all.
    victim = parts.worker("victim", slots=20)
    parts.worker("heir", slots=40)
    await parts.online("heir", "victim")
    await parts.edge_answers()
    every = parts.cluster.enqueue_many("counted", 40, {"seconds": 5})
    await parts.all_run(every)
    # PostgreSQL knows of each that it runs, 0.2 s after it began.
    await eventually(lambda: parts.cluster.stats()["running"] == 40)
    task_ids = [task_id for task_id, [run] in parts.runs().items() if run.pid == victim.pid]
    assert len(task_ids) == 20

    killed = parts.now()
    victim.send(signal.SIGKILL)

    rows = await parts.completed(task_ids)
    told("kill -9 of a worker", rows, killed)
    assert {row.worker_id.rpartition("-")[0] for row in rows.values()} == {"heir"}
    assert {row.crash_count for row in rows.values()} == {1}
    runs = parts.runs()
    assert {len(runs[task_id]) for task_id in task_ids} == {2}
    assert {[bool(run.ended) for run in runs[task_id]] == [False, True] for task_id in task_ids} == {True}


async def test_a_killed_coordinator_under_load_costs_no_task_and_no_second_run(parts: Parts) -> None:
    coordinator = parts.coordinator()
    parts.edge()
    names = ("worker-1", "worker-2")
    workers = [parts.worker(name, slots=10) for name in names]
    await parts.online(*names)
    await parts.edge_answers()
    long = parts.cluster.enqueue_many("counted", 4, {"seconds": 8})
    await parts.all_run(long)

    with Load(parts.url(), per_second=1000) as load:
        await eventually(lambda: len(parts.runs()) > 1000)
        killed_ns = time.monotonic_ns()
        coordinator.send(signal.SIGKILL)
        # Long enough for everybody to pause between two attempts.
        taken = len(load.task_ids)
        await eventually(lambda: len(load.task_ids) > taken + 2000)
        restarted = parts.now()
        parts.coordinator()
        await eventually(lambda: len(load.task_ids) > taken + 4000)
    rows = await parts.completed(load.task_ids + long)

    first = min(row.finished_at for row in rows.values() if row.finished_at and row.finished_at > restarted)
    print(f"kill -9 of the coordinator: {len(rows)} tasks, the next one took over {first - restarted} after its start")
    runs = parts.runs()
    assert {len(runs[task_id]) for task_id in long} == {1}, "a task that ran all the time was run again"
    for mine in run_twice(runs).values():
        assert mine[0].began < killed_ns, "a task that was not in flight at the kill ran twice"
    print(f"kill -9 of the coordinator: {len(run_twice(runs))} of them ran twice")
    assert {row.attempt for task_id, row in rows.items() if len(runs[task_id]) == 1} == {1}
    assert [worker.exit_code for worker in workers] == [None, None]


async def test_one_of_two_coordinators_and_one_of_two_edges_may_die(parts: Parts) -> None:
    coordinators = parts.two_coordinators()
    edges = [parts.edge(0), parts.edge(1)]
    names = ("worker-1", "worker-2", "worker-3")
    for name in names:
        parts.worker(name)
    await parts.online(*names)
    await asyncio.gather(parts.edge_answers(0), parts.edge_answers(1))

    with parts.events(0) as first, parts.events(1) as second, Load(parts.url(1), per_second=50, batch=5) as load:
        for dying in (None, coordinators[0], edges[0]):
            if dying is not None:
                dying.send(signal.SIGKILL)
            begun = len(load.task_ids)
            await eventually(lambda begun=begun: len(load.task_ids) > begun + 50, timeout=LADDER_SECONDS)
            watched = [second] if dying is edges[0] else [first, second]
            for task_id in load.task_ids[begun + 40 : begun + 50]:
                for stream in watched:
                    await eventually(
                        lambda stream=stream, task_id=task_id: "task_completed" in stream.about(task_id),
                        timeout=LADDER_SECONDS,
                    )
    await parts.completed(load.task_ids)
    assert run_twice(parts.runs()) == {}
    await parts.online(*names)


async def test_a_frozen_leader_that_wakes_up_does_no_harm(parts: Parts) -> None:
    by_pid = {program.pid: program for program in parts.two_coordinators()}
    parts.edge(0)
    names = ("worker-1", "worker-2")
    for name in names:
        parts.worker(name)
    await parts.online(*names)
    await parts.edge_answers(0)
    [(holder, epoch)] = await eventually(lambda: parts.query("SELECT holder, epoch FROM leader"))
    frozen = by_pid[int(holder.split("-")[-2])]

    with Load(parts.url(), per_second=50, batch=5, seconds=0.1) as load:
        await eventually(lambda: len(parts.runs()) > 20)
        frozen.send(signal.SIGSTOP)
        [(heir, later)] = await eventually(
            lambda: parts.query("SELECT holder, epoch FROM leader WHERE epoch > %s", epoch), timeout=LADDER_SECONDS
        )
        # The leader's own duty, done by the other one: this task is promoted when it is due.
        due = parts.cluster.enqueue("counted", delay_seconds=0.5)
        await parts.completed([due])
        frozen.send(signal.SIGCONT)
        before = len(load.task_ids)
        await eventually(lambda: len(load.task_ids) > before + 50)
    await parts.completed([*load.task_ids, due])

    assert heir != holder
    assert parts.query("SELECT epoch FROM leader")[0][0] >= later
    assert run_twice(parts.runs()) == {}
    await parts.online(*names)
    assert frozen.exit_code is None


async def test_the_tasks_of_a_frozen_worker_are_rescued_and_its_late_outcomes_refused(parts: Parts) -> None:
    parts.coordinator()
    parts.edge()
    frozen = parts.worker("frozen")
    await parts.online("frozen")
    await parts.edge_answers()
    task_ids = parts.cluster.enqueue_many("counted", 5, {"seconds": 3})
    await eventually(lambda: parts.cluster.stats()["running"] == 5)

    since = parts.now()
    frozen.send(signal.SIGSTOP)
    parts.worker("heir")
    await eventually(lambda: all(len(mine) == 2 for mine in parts.runs().values()), timeout=LADDER_SECONDS)
    # Their time is long over: they end, and are reported, the moment it wakes up.
    frozen.send(signal.SIGCONT)

    rows = await parts.completed(task_ids)
    told("freeze of a worker", rows, since)
    await eventually(lambda: parts.cluster.stats()["stale"] == 5)
    trails = parts.query("SELECT jsonb_path_query_array(attempts, '$[*].outcome') FROM all_tasks")
    assert trails == [(["crashed", "stale"],)] * 5
    assert {row.worker_id.rpartition("-")[0] for row in rows.values()} == {"heir"}
    await parts.online("frozen", "heir")
    again = parts.cluster.enqueue_many("counted", 20, {"seconds": 0.2})
    workers = {row.worker_id.rpartition("-")[0] for row in (await parts.completed(again)).values()}
    assert workers == {"frozen", "heir"}, "who was frozen works again"
    assert {len(mine) for mine in parts.runs().values()} == {1, 2}
    assert parts.rows().keys() >= {*task_ids}
    assert {parts.rows()[task_id] for task_id in task_ids} == set(rows.values()), "a late outcome changed something"


async def test_the_tasks_of_a_worker_that_is_cut_off_are_rescued_and_it_comes_back(parts: Parts) -> None:
    parts.coordinator()
    parts.edge()
    there, back, own_port = free_ports(3)
    lines = (
        Line("to the coordinator", there, to_port(parts.coordinator_ports[0])),
        Line("back", back, to_port(own_port)),
    )
    async with lines[0], lines[1]:
        far = {
            "COORDINATOR_ADDRESS": f"127.0.0.1:{there}",
            "WORKER_PORT": str(own_port),
            "LINE_PORT": str(back),
            "WORKER_NAME": "far",
        }
        worker = parts.cluster.start_program([parts.cluster.command()[0], str(FAR_WORKER)], settings=far)
        await parts.online("far")
        await parts.edge_answers()
        task_ids = parts.cluster.enqueue_many("counted", 5, {"seconds": 3})
        await eventually(lambda: parts.cluster.stats()["running"] == 5)

        since = parts.now()
        for line in lines:
            line.silence()
        parts.worker("near")
        rows = await parts.completed(task_ids, timeout=LADDER_SECONDS)
        for line in lines:
            line.mend()

        told("partition of a worker", rows, since)
        await parts.online("far", "near")
        assert {row.worker_id.rpartition("-")[0] for row in rows.values()} == {"near"}
        # The far one finished them as well, with nobody to tell.
        assert {len(parts.runs()[task_id]) for task_id in task_ids} == {2}
        assert {parts.rows()[task_id] for task_id in task_ids} == set(rows.values()), "a late outcome changed something"
        worker.send(signal.SIGTERM)
        await eventually(lambda: worker.exit_code is not None, timeout=20)
        assert worker.exit_code == 0


async def test_everything_killed_at_once_and_started_again_rescues_all(own: RunningCluster) -> None:
    own.settings |= {
        "HEARTBEAT_INTERVAL": "1",
        "TASKMASTER_TASKS": "counted_tasks",
        "RUNS_FILE": str(own.folder / "runs"),
    }
    await own.up(workers=2)
    task_ids = own.enqueue_many("counted", 10, {"seconds": 2}) + own.enqueue_many("counted", 10)
    await eventually(lambda: own.stats()["running"] == 10)

    kill_all(own.home)
    await own.nothing_left()

    await own.up(workers=2)
    tasks = await own.finished(task_ids, timeout=LADDER_SECONDS)
    assert {task["status"] for task in tasks} == {"COMPLETE"}
    runs = runs_in(own.folder / "runs")
    assert {len(runs[task_id]) for task_id in task_ids} <= {1, 2}
    assert all(runs[task_id][-1].ended for task_id in task_ids)
