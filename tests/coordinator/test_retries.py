"""When a failed task comes again."""

import pytest

from cluster.core.limits import DELAY_SECONDS_MAX
from cluster.core.task import State
from cluster.wire import taskmaster_pb2 as pb
from tests.coordinator.conftest import add, look
from tests.coordinator.peer import outcome
from tests.fixtures.eventually import eventually

PATIENT = pb.Handler(command="patient", backoff=pb.Backoff(first_seconds=3600, factor=1, cap_seconds=3600, jitter=0))


async def due_in(conn, task_id) -> float:
    """Seconds."""
    row = await look(conn, task_id)
    assert row.state is State.SCHEDULED
    [now] = await (await conn.execute("SELECT statement_timestamp()")).fetchone()
    return (row.scheduled_at - now).total_seconds()


async def test_a_command_has_the_backoff_that_its_worker_says(conn, start_worker):
    worker = await start_worker(handlers=[PATIENT])
    [patient] = await add(conn, command="patient")
    [lease] = await worker.given(1)
    await worker.report(outcome(lease, pb.FAILED, error="not yet"))
    await worker.settled()
    assert 3500 < await due_in(conn, patient) <= 3600


async def test_a_command_without_a_backoff_has_that_of_the_cluster(conn, start_worker):
    worker = await start_worker(handlers=[PATIENT])
    [task_id] = await add(conn)
    [lease] = await worker.given(1)
    await worker.report(outcome(lease, pb.FAILED, error="not yet"))
    again = (await worker.given(2))[1]
    assert (again.task_id, again.attempt) == (task_id.bytes, 2)


@pytest.mark.parametrize(
    ("wish", "least", "most"),
    [(7200.0, 7000, 7200), (1e300, DELAY_SECONDS_MAX - 100, DELAY_SECONDS_MAX), (float("nan"), 3500, 3600)],
)
async def test_a_task_may_say_when_to_try_it_again(conn, start_worker, wish, least, most):
    worker = await start_worker(handlers=[PATIENT])
    [task_id] = await add(conn, command="patient")
    [lease] = await worker.given(1)
    await worker.report(outcome(lease, pb.FAILED, error="later", retry_in_seconds=wish))
    await worker.settled()
    assert least < await due_in(conn, task_id) <= most


@pytest.mark.parametrize("wish", [0.0, -5.0])
async def test_a_task_may_ask_to_be_tried_again_at_once(conn, start_worker, wish):
    worker = await start_worker(handlers=[PATIENT])
    await add(conn, command="patient")
    [lease] = await worker.given(1)
    await worker.report(outcome(lease, pb.FAILED, error="at once", retry_in_seconds=wish))
    assert (await worker.given(2))[1].attempt == 2


async def test_a_simple_worker_may_say_when_to_try_again(conn, stub, start_worker):
    worker = await start_worker(streaming=False)
    [task_id] = await add(conn)
    [request] = await eventually(lambda: worker.requests)
    answer = await stub.UpdateTaskStatus(
        pb.UpdateTaskStatusRequest(
            task_id=request.task_id,
            worker_id=worker.worker_id,
            lease_token=request.lease_token,
            status=pb.FAILED,
            error="later",
            retry_in_seconds=7200,
        )
    )
    assert answer.accepted
    assert 7000 < await due_in(conn, task_id) <= 7200


async def test_the_last_attempt_is_the_last_whatever_the_task_wishes(conn, start_worker):
    worker = await start_worker()
    [task_id] = await add(conn, max_attempts=1)
    [lease] = await worker.given(1)
    await worker.report(outcome(lease, pb.FAILED, error="again, please", retry_in_seconds=0))
    await worker.settled()
    assert (await look(conn, task_id)).state is State.FAILED


async def test_an_error_of_nothing_but_spaces_is_an_error(conn, start_worker):
    worker = await start_worker(slots=1)
    [first, second] = await add(conn, 2, max_attempts=1)
    [lease] = await worker.given(1)
    await worker.report(outcome(lease, pb.FAILED, error="  \n "))
    await worker.settled()
    assert (await look(conn, first)).state is State.FAILED
    await worker.complete((await worker.given(2))[1:])
    await worker.settled()
    assert (await look(conn, second)).state is State.COMPLETE
