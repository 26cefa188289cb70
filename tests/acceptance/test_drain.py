"""A worker that is told to stop under full load, and all workers restarted one after the other: nobody notices."""

import signal
import time

import pytest

from tests.acceptance.cluster import RunningCluster
from tests.acceptance.load import Load
from tests.acceptance.parts import Parts
from tests.acceptance.processes import Program
from tests.acceptance.runs import Run, run_twice
from tests.fixtures.eventually import eventually


@pytest.fixture
def parts(database_url: str, own: RunningCluster) -> Parts:
    # In this order: the database goes when everybody has left it.
    return Parts(own, database_url)


def processes_of(runs: dict[str, list[Run]]) -> set[int]:
    """Who has run something."""
    return {run.pid for mine in runs.values() for run in mine}


async def ended(program: Program) -> int:
    await eventually(lambda: program.exit_code is not None, timeout=30)
    return program.wait()


async def test_a_drained_worker_finishes_what_runs_gives_back_the_rest_and_costs_no_attempt(parts: Parts) -> None:
    parts.cluster.settings["DRAIN_TIMEOUT"] = "2"
    parts.coordinator()
    parts.edge()
    worker = parts.worker("worker-1")
    await parts.online("worker-1")
    await parts.edge_answers()
    # Tiny ones, so that it has a lot ahead; then two that outlive the drain, and short ones in the other slots.
    tiny = parts.cluster.enqueue_many("counted", 500)
    long = parts.cluster.enqueue_many("counted", 2, {"seconds": 5})
    short = parts.cluster.enqueue_many("counted", 100, {"seconds": 0.8})
    await parts.all_run(tiny + long)
    await eventually(lambda: len(parts.runs()) > 504)

    worker.send(signal.SIGTERM)
    await eventually(lambda: '"draining"' in parts.cluster.log_text())
    draining, begun = time.monotonic_ns(), parts.runs().keys()
    # While it still runs those five, nothing is leased to it beyond them.
    held = "SELECT count(*) FROM tasks WHERE session_id IS NOT NULL"
    await eventually(lambda: parts.query(held)[0][0] <= 5)
    assert worker.exit_code is None
    assert await ended(worker) == 0

    runs = parts.runs()
    assert runs.keys() == begun, "it began something after it was told to stop"
    assert all(run.ended for task_id in begun - set(long) for run in runs[task_id]), "it left something half done"
    assert [bool(run.ended) for task_id in long for run in runs[task_id]] == [False, False]
    rows = parts.rows()
    assert {rows[task_id].state for task_id in begun - set(long)} == {"complete"}
    assert {rows[task_id].state for task_id in set(short) - begun | set(long)} == {"ready"}

    parts.worker("worker-2", slots=50)
    rows = await parts.completed(tiny + long + short)
    assert {(row.attempt, row.crash_count) for row in rows.values()} == {(1, 0)}
    assert run_twice(parts.runs()).keys() == set(long)
    assert draining < min(parts.runs()[task_id][-1].began for task_id in long)


async def test_a_second_signal_ends_a_draining_worker_at_once_and_its_tasks_run_elsewhere(parts: Parts) -> None:
    parts.coordinator()
    parts.edge()
    worker = parts.worker("worker-1")
    await parts.online("worker-1")
    await parts.edge_answers()
    task_ids = parts.cluster.enqueue_many("counted", 5, {"seconds": 3})
    await parts.all_run(task_ids)

    worker.send(signal.SIGTERM)
    await eventually(lambda: '"draining"' in parts.cluster.log_text())
    worker.send(signal.SIGTERM)

    assert await ended(worker) == 128 + signal.SIGTERM
    parts.worker("worker-2")
    await parts.completed(task_ids)
    assert {len(mine) for mine in parts.runs().values()} == {2}


async def test_workers_restarted_one_after_the_other_under_load_fail_nothing_and_run_nothing_twice(
    parts: Parts,
) -> None:
    parts.coordinator()
    parts.edge()
    names = ["worker-1", "worker-2", "worker-3"]
    workers = {name: parts.worker(name) for name in names}
    await parts.online(*names)
    await parts.edge_answers()

    with Load(parts.url(), per_second=100, batch=10, seconds=0.1) as load:
        await eventually(lambda: len(processes_of(parts.runs())) == 3)
        for count, (name, worker) in enumerate(workers.items(), start=4):
            worker.send(signal.SIGTERM)
            assert await ended(worker) == 0
            parts.worker(name)
            await eventually(lambda so_far=count: len(processes_of(parts.runs())) == so_far)
    rows = await parts.completed(load.task_ids)

    assert run_twice(parts.runs()) == {}
    assert {(row.attempt, row.crash_count) for row in rows.values()} == {(1, 0)}
