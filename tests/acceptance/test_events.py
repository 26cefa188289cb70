"""What those who watch are told."""

from tests.acceptance.cluster import RunningCluster
from tests.acceptance.stream import EventStream
from tests.fixtures.eventually import eventually

LIFE = ["task_scheduled", "task_assigned", "task_started", "task_completed"]
BACKLOG = 250


def has_seen_the_end_of(stream: EventStream, task_ids: list[str]) -> bool:
    ended = {told.task_id for told in stream.told if told.event == "task_completed"}
    return ended.issuperset(task_ids)


async def test_every_event_reaches_a_client_once_and_in_order(shared: RunningCluster) -> None:
    with shared.events() as stream:
        task_ids = shared.enqueue_many("demo-job", 50)
        await eventually(lambda: has_seen_the_end_of(stream, task_ids), timeout=20)

        for task_id in task_ids:
            assert stream.about(task_id) == LIFE
        ids = [told.id for told in stream.told]
        assert len(set(ids)) == len(ids), "an event came twice"


async def test_a_client_that_reconnects_in_the_middle_misses_nothing(shared: RunningCluster) -> None:
    with shared.events() as witness:
        with shared.events() as before:
            task_ids = shared.enqueue_many("demo-job", 30)
            await eventually(lambda: "task_started" in before.about(task_ids[0]))
        seen = before.told

        # 30 jobs are 120 events: all that happens while nobody reads fits into the backlog.
        await eventually(lambda: has_seen_the_end_of(witness, task_ids), timeout=20)
        with shared.events(last_event_id=seen[-1].id) as after:
            await eventually(lambda: has_seen_the_end_of(after, task_ids[-1:]) and len(after.told) > 0, timeout=20)
            await eventually(lambda: after.told[-1].id == witness.told[-1].id)
            both = [told.id for told in seen + after.told]

    every = [told.id for told in witness.told]
    assert both[both.index(every[0]) :] == every


async def test_a_client_that_reconnects_is_told_each_of_the_last_250_events(shared: RunningCluster) -> None:
    with shared.events() as witness:
        task_ids = shared.enqueue_many("noop", 100)
        await eventually(lambda: has_seen_the_end_of(witness, task_ids), timeout=20)
        every = [told.id for told in witness.told]
        assert len(every) > BACKLOG

        with shared.events(last_event_id=every[-BACKLOG - 1]) as late:
            await eventually(lambda: len(late.told) >= BACKLOG)
            assert [told.id for told in late.told][:BACKLOG] == every[-BACKLOG:]
            assert "reset" not in {told.kind for told in late.told}


async def test_a_new_client_is_told_the_same_backlog_as_the_logs_route(shared: RunningCluster) -> None:
    task_ids = shared.enqueue_many("noop", 100)
    await shared.finished(task_ids)
    with shared.events() as stream:
        await eventually(lambda: len(stream.told) >= BACKLOG)
        await eventually(lambda: shared.get("/api/logs") == [told.data for told in stream.told][-BACKLOG:])


async def test_every_event_says_what_happened_when_and_to_whom(shared: RunningCluster) -> None:
    with shared.events() as stream:
        (task_id,) = shared.enqueue_many("noop", 1)
        await eventually(lambda: "task_completed" in stream.about(task_id))

        for told in stream.told:
            assert {"event", "level", "msg", "timestamp"} <= told.data.keys()
            assert told.id
