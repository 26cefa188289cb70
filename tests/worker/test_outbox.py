"""What the coordinator is told, in which order, and until when it is kept."""

import asyncio
from time import monotonic_ns
from uuid import uuid4

from cluster.core.outcome import Cancelled, Failed, Outcome, Released, Succeeded
from cluster.wire import taskmaster_pb2 as pb
from cluster.worker.outbox import Batch, Outbox, message
from cluster.worker.run import Run
from tests.worker.peer import completed


def ended(outcome: Outcome | None = None) -> Run:
    run = Run(uuid4().bytes, 1, "noop", b"", 1)
    run.started = run.finished = monotonic_ns()
    run.outcome = outcome or Succeeded()
    return run


def running() -> Run:
    run = Run(uuid4().bytes, 1, "noop", b"", 1)
    run.started = monotonic_ns()
    return run


async def test_what_came_together_is_told_together_at_most_500_at_once() -> None:
    outbox = Outbox()
    runs = [ended() for _ in range(1100)]
    outbox.put([], runs[:700])
    outbox.put([], runs[700:])
    batches = [await outbox.next() for _ in range(3)]
    assert [batch.sequence for batch in batches] == [1, 2, 3]
    assert [run for batch in batches for run in batch.ended] == runs
    assert max(len(batch.ended) for batch in batches) == 500


async def test_nothing_new_is_waited_for() -> None:
    outbox = Outbox()
    waiting = asyncio.create_task(outbox.next())
    await asyncio.sleep(0)
    assert not waiting.done()
    run = ended()
    outbox.put([], [run])
    assert (await waiting).ended == (run,)


async def test_a_new_stream_is_told_everything_unsettled_again_in_order() -> None:
    outbox = Outbox()
    runs = [ended() for _ in range(3)]
    for run in runs:
        outbox.put([], [run])
        await outbox.next()
    assert outbox.settle(1) == runs[:1]

    outbox.rewind()
    outbox.put([], [late := ended()])
    again = [await outbox.next() for _ in range(3)]
    assert [(batch.sequence, batch.ended) for batch in again] == [(2, (runs[1],)), (3, (runs[2],)), (4, (late,))]


async def test_what_is_settled_is_forgotten_and_settling_it_again_changes_nothing() -> None:
    outbox = Outbox()
    run = ended()
    outbox.put([], [run])
    await outbox.next()
    assert outbox.settle(0) == []
    assert outbox.settle(5) == [run]
    assert outbox.settle(5) == []
    assert repr(outbox) == "<Outbox waiting=0 unsettled=0 last=1 sent=1>"


async def test_a_start_is_told_before_its_end_and_not_at_all_once_it_has_ended() -> None:
    outbox = Outbox()
    lasting, over = running(), running()
    outbox.put([lasting, over], [])
    over.outcome = Succeeded()
    outbox.put([], [over])
    batch = await outbox.next()
    assert (batch.started, batch.ended) == ((lasting,), (over,))


async def test_a_start_of_what_has_ended_meanwhile_makes_no_empty_batch() -> None:
    outbox = Outbox()
    over = running()
    outbox.put([over], [])
    over.outcome = Succeeded()
    waiting = asyncio.create_task(outbox.next())
    await asyncio.sleep(0)
    outbox.put([], [over])
    batch = await waiting
    assert (batch.sequence, batch.started, batch.ended) == (1, (), (over,))


async def test_what_had_ended_is_told_in_the_next_session_from_number_1_on_in_order() -> None:
    outbox = Outbox()
    settled, told, forgotten, waiting, lasting = ended(), ended(), ended(), ended(), running()
    for run in (settled, told, forgotten):
        outbox.put([], [run])
        await outbox.next()
    outbox.settle(1)
    outbox.put([lasting], [waiting])
    outbox.put_progress({lasting: (0.5, "")})
    outbox.renumber(keep=lambda run: run is not forgotten)
    batch = await outbox.next()
    assert (batch.sequence, batch.started, batch.ended) == (1, (), (told, waiting))
    assert outbox.settle(1) == [told, waiting]


async def test_progress_has_no_number_and_does_not_disturb_those_that_have() -> None:
    outbox = Outbox()
    one, two = running(), running()
    outbox.put([], [first := ended()])
    outbox.put_progress({one: (0.1, "old"), two: (0.2, "")})
    outbox.put_progress({one: (0.3, "new")})
    batch = await outbox.next()
    assert batch.sequence == 0
    assert batch.progress == {one: (0.3, "new"), two: (0.2, "")}
    assert (await outbox.next()).ended == (first,)
    outbox.put_progress({one: (0.4, "")})
    assert (await outbox.next()).sequence == 0
    outbox.put([], [second := ended()])
    assert ((batch := await outbox.next()).sequence, batch.ended) == (2, (second,))
    assert outbox.settle(2) == [first, second]


async def test_progress_of_what_has_ended_meanwhile_is_not_told() -> None:
    outbox = Outbox()
    one, two = running(), running()
    outbox.put_progress({one: (0.1, "")})
    one.outcome = Succeeded()
    waiting = asyncio.create_task(outbox.next())
    await asyncio.sleep(0)
    assert not waiting.done()
    outbox.put_progress({two: (0.25, "go")})
    (told,) = message(await waiting).progress
    assert (told.task_id, told.lease_token, told.progress, told.message) == (two.task_id, 1, 0.25, "go")


async def test_a_new_session_may_begin_with_nothing_and_number_1() -> None:
    outbox = Outbox()
    outbox.put([], [ended(), ended()])
    await outbox.next()
    outbox.put([running()], [ended()])
    outbox.renumber(keep=lambda run: False)
    outbox.put([], [fresh := ended()])
    batch = await outbox.next()
    assert (batch.sequence, batch.ended) == (1, (fresh,))


def test_ages_are_counted_when_the_message_is_made() -> None:
    run = ended()
    run.started -= 5_000_000
    run.finished -= 2_000_000
    (told,) = completed(message(Batch(1, (), (run,))).completed)
    assert told.started_us_ago >= 5_000 > told.started_us_ago - told.finished_us_ago - 1 > 2_000
    assert told.finished_us_ago >= 2_000


def test_every_outcome_has_its_words_on_the_wire() -> None:
    never = Run(uuid4().bytes, 9, "noop", b"", 1, outcome=Released("drained"))
    runs = (
        ended(Succeeded(b"[1]")),
        ended(Succeeded()),
        ended(Failed("why", permanent=True)),
        ended(Cancelled("asked to")),
        never,
    )
    told = message(Batch(7, (), runs))
    assert not any(one.HasField("retry_in_seconds") for one in told.outcomes)
    assert [one.result for one in completed(told.completed)] == [b"[1]", b""]
    assert [(one.status, one.result, one.error, one.permanent) for one in told.outcomes] == [
        (pb.FAILED, b"", "why", True),
        (pb.CANCELLED, b"", "asked to", False),
        (pb.RELEASED, b"", "drained", False),
    ]
    assert told.outcomes[-1].started_us_ago == 0
    assert all(one.started_us_ago > 0 for one in (*completed(told.completed), *told.outcomes[:-1]))
    (again,) = message(Batch(8, (), (ended(Failed("busy", retry_in=0.0)),))).outcomes
    assert (again.status, again.HasField("retry_in_seconds"), again.retry_in_seconds) == (pb.FAILED, True, 0.0)


def test_what_completed_without_a_result_costs_few_bytes() -> None:
    runs = tuple(ended() for _ in range(500))
    told = message(Batch(1, (), runs))
    assert (len(told.completed.lease_tokens), len(told.completed.results), len(told.outcomes)) == (1, 1, 0)
    assert told.ByteSize() < 500 * (16 + 2 * 3) + 50


async def test_what_was_overtaken_is_kept_and_told_again_until_it_is_settled() -> None:
    outbox = Outbox()
    runs = [ended() for _ in range(4)]
    for run in runs:
        outbox.put([], [run])
        await outbox.next()
    assert outbox.settle(3, {1, 3}) == [runs[1]]
    outbox.rewind()
    assert [(await outbox.next()).sequence for _ in range(3)] == [1, 3, 4]
    assert outbox.settle(4, {3}) == [runs[0], runs[3]]
    assert outbox.settle(4) == [runs[2]]
