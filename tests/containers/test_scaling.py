"""Workers are scaled and killed where the containers are, by the same requests as everywhere."""

import time

from tests.acceptance.load import Load
from tests.containers.engine import running
from tests.fixtures.eventually import eventually


async def test_three_to_ten_to_two_workers_under_load_without_a_failed_task(stack):
    failed = stack.stats().failed
    with Load(stack.url, per_second=100, batch=10, seconds=0.2) as load:
        begun = time.monotonic()
        stack.client.scale(10)
        await stack.online(10)
        print(f"3 → 10 workers after {time.monotonic() - begun:.1f} s")
        joined = len(load.task_ids)
        await eventually(lambda: len(load.task_ids) > joined + 200)
        begun = time.monotonic()
        stack.client.scale(2)
        await stack.online(2)
        print(f"10 → 2 workers after {time.monotonic() - begun:.1f} s")
    tasks = await stack.finished(load.task_ids, timeout=120)
    assert {task.status for task in tasks} == {"COMPLETE"}
    assert {task.attempt for task in tasks} == {1}, "who leaves finishes what it has begun and gives back the rest"
    assert stack.stats().failed == failed
    assert len(load.task_ids) > 400
    assert len({task.worker_id for task in tasks}) >= 10
    await eventually(lambda: len([each for each in stack.containers("worker") if running(each)]) == 2)


async def test_a_worker_killed_by_request_is_replaced_and_loses_nothing(stack):
    task_ids = stack.enqueue(15, 3)
    held = await stack.held_by_one(15)
    victim = stack.container(held[0].worker_id)

    stack.client.kill(victim.short_id)

    tasks = {task.task_id: task for task in await stack.finished(task_ids)}
    assert {task.status for task in tasks.values()} == {"COMPLETE"}
    for task in held:
        [rescue] = tasks[task.task_id].attempts
        assert (rescue.outcome, rescue.worker_id) == ("rescued", task.worker_id), "not its crash: it was ordered"
    workers = await stack.online(3)
    assert held[0].worker_id not in {worker.worker_id for worker in workers}


async def test_a_worker_drained_by_request_finishes_what_it_runs_and_another_takes_its_place(stack):
    long = stack.enqueue(6, 12)
    await stack.held_by_one(6)
    [first, *_] = map(stack.client.status, long)
    victim = stack.container(first.worker_id)
    [supervisor] = stack.containers("supervisor")
    with Load(stack.url, per_second=30, batch=3, seconds=0.2) as load:
        stack.client.drain(victim.short_id)
        await eventually(lambda: first.worker_id in stack.draining())
        left = len(load.task_ids)
        # The same order again, to a supervisor that knows nothing of the first: a second signal would end what runs.
        supervisor.restart()
        stack.client.drain(victim.short_id)
        await eventually(lambda: victim.id not in {each.id for each in stack.containers("worker")}, 60, 0.2)
        await stack.online(3)
        joined = len(load.task_ids)
        await eventually(lambda: len(load.task_ids) > joined + 30)
    tasks = {str(task.task_id): task for task in await stack.finished([*load.task_ids, *long])}
    assert {(task.status, task.attempt) for task in tasks.values()} == {("COMPLETE", 1)}
    assert tasks[str(first.task_id)].worker_id == first.worker_id
    later, last = load.task_ids[left:], load.task_ids[joined:]
    assert first.worker_id not in {tasks[task_id].worker_id for task_id in later}
    assert {tasks[task_id].worker_id for task_id in last} == {worker.worker_id for worker in stack.workers()}
    assert max(each.name for each in stack.containers("worker")) == f"{stack.project}-worker-4"


async def test_what_compose_stops_is_what_the_supervisor_made(stack):
    stack.client.scale(5)
    await stack.online(5)
    names = {container.name for container in stack.containers("worker")}
    assert names == {f"{stack.project}-worker-{number}" for number in range(1, 6)}
