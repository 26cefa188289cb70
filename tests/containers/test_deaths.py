"""Containers are killed and cut off; nothing is lost."""

import time

from tests.acceptance.load import Load
from tests.containers.engine import running
from tests.fixtures.eventually import eventually


def these(tasks, held):
    """What became of those that were held."""
    task_ids = {task.task_id for task in held}
    return [task for task in tasks if task.task_id in task_ids]


def outcomes(tasks):
    return sorted(tuple(attempt.outcome for attempt in task.attempts or ()) for task in tasks)


async def test_the_tasks_of_a_killed_worker_run_elsewhere(stack):
    task_ids = stack.enqueue(12, 4)
    held = await stack.held_by_one(12)

    stack.container(held[0].worker_id).kill()

    tasks = await stack.finished(task_ids)
    assert {task.status for task in tasks} == {"COMPLETE"}
    assert held[0].worker_id not in {task.worker_id for task in these(tasks, held)}
    assert outcomes(these(tasks, held)) == [("crashed",)] * len(held)


async def test_the_death_of_either_coordinator_costs_no_task(stack):
    long = stack.enqueue(6, 8)
    await stack.held_by_one(6)
    with Load(stack.url, per_second=50, batch=5, seconds=0.1) as load:
        for coordinator in stack.containers("coordinator"):
            await eventually(lambda: len(load.task_ids) > 20)
            coordinator.kill()
            taken = len(load.task_ids)
            await eventually(lambda taken=taken: len(load.task_ids) > taken + 100)
            coordinator.start()
            await stack.online(3)
    tasks = await stack.finished([*load.task_ids, *long], timeout=120)
    assert {task.status for task in tasks} == {"COMPLETE"}
    again = await stack.finished(long)
    assert {task.attempt for task in again} == {1}, "what ran all the time was not run again"


async def test_both_coordinators_may_die_at_once(stack):
    coordinators = stack.containers("coordinator")
    for coordinator in coordinators:
        coordinator.kill()
    task_ids = stack.enqueue(50, 0.1)
    assert {task.status for task in map(stack.client.status, task_ids)} == {"QUEUED"}
    begun = time.monotonic()
    for coordinator in coordinators:
        coordinator.start()
    tasks = await stack.finished(task_ids)
    print(f"both coordinators back: the last of 50 tasks after {time.monotonic() - begun:.1f} s")
    assert {task.status for task in tasks} == {"COMPLETE"}


async def test_a_killed_postgresql_loses_nothing_that_was_acknowledged(stack):
    task_ids = stack.enqueue(200, 0.05) + stack.enqueue(10, 5)
    [postgres] = stack.containers("postgres")
    await eventually(lambda: stack.stats().running > 0)

    postgres.kill()
    await eventually(lambda: not running(postgres))
    postgres.start()

    # The client repeats what was not acknowledged, with the same ids.
    task_ids += stack.enqueue(50, 0.05)
    tasks = await stack.finished(task_ids, timeout=90)
    assert {task.status for task in tasks} == {"COMPLETE"}
    assert {task.task_id for task in tasks} == set(task_ids)
    await stack.online(3)


async def test_a_worker_cut_off_for_twenty_seconds_is_rescued_and_its_late_outcomes_are_refused(stack):
    stale = stack.stats().stale
    task_ids = stack.enqueue(15, 10)
    held = await stack.held_by_one(15)
    victim = held[0].worker_id
    container, network = stack.container(victim), stack.engine.networks.get(f"{stack.project}_cluster")

    network.disconnect(container)
    back = time.monotonic() + 20
    await eventually(lambda: time.monotonic() > back, timeout=30, pause=0.5)
    network.connect(container)

    tasks = await stack.finished(task_ids)
    accepted = {task.task_id: (task.worker_id, task.completed_at) for task in tasks}
    assert {task.status for task in tasks} == {"COMPLETE"}
    assert victim not in {task.worker_id for task in tasks}
    await stack.online(3)
    await eventually(lambda: stack.stats().stale == stale + len(held), timeout=30)
    again = await stack.finished(task_ids)
    assert {task.task_id: (task.worker_id, task.completed_at) for task in again} == accepted
    # Not crashed: nobody could reach it, so none of its tasks is suspected.
    assert outcomes(these(again, held)) == [("rescued", "stale")] * len(held)


async def test_a_stopped_worker_finishes_what_it_runs_and_gives_back_the_rest(stack):
    task_ids = stack.enqueue(30, 3)
    begun = await stack.held_by_one(15)
    container = stack.container(begun[0].worker_id)

    container.stop(timeout=30)

    assert container.wait()["StatusCode"] == 0
    tasks = await stack.finished(task_ids)
    assert {task.status for task in tasks} == {"COMPLETE"}
    assert {task.attempt for task in tasks} == {1}
    assert {task.worker_id for task in these(tasks, begun)} == {begun[0].worker_id}


async def test_every_role_gets_the_signal_to_stop_and_ends_well(stack):
    for role in ("supervisor", "edge", "coordinator"):
        for container in stack.containers(role):
            container.stop(timeout=30)
            assert container.wait()["StatusCode"] == 0, container.logs(tail=20).decode()
