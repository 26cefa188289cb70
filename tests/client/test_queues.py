"""Queues, reasons and commands with both clients against a real cluster."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from cluster.client import Client, answers
from cluster.core.errors import InvalidTask, NotFound
from cluster.runtime.ids import new_id
from tests.client.test_client import client, listed

__all__ = ["client"]


async def test_a_queue_is_paused_and_resumed(client):
    queue = f"q{new_id()}"
    first, second = await client.pause(queue), await client.pause(queue)
    assert (first.paused, first.changed, second.changed, second.paused_at) == (True, True, False, first.paused_at)
    task_id = (await client.schedule("noop", queue=queue)).task_id
    assert (await client.why(task_id)).reason == "queue_paused"
    assert [one.paused for one in await client.queues() if one.queue == queue] == [True]
    assert (await client.resume(queue)).changed
    [task] = await client.wait([task_id])
    assert (task.ran_seconds >= 0, task.waited_seconds > 0) == (True, True)


async def test_what_is_no_queue_or_no_task_is_an_error_that_says_so(client):
    with pytest.raises(InvalidTask, match="queue"):
        await client.pause("a b")
    with pytest.raises(NotFound, match="there is no task"):
        await client.why(new_id())


async def test_lists_go_both_ways_and_between_times(client):
    queue = f"q{new_id()}"
    ids = [(await client.schedule("noop", delay=3600 * (n + 1), queue=queue)).task_id for n in range(3)]
    middle = datetime.now(UTC) + timedelta(seconds=5400)
    assert [task.task_id for task in await listed(client.tasks(queue=queue, newest=True, page_size=2))] == ids[::-1]
    assert [task.task_id for task in await listed(client.tasks(queue=queue, scheduled_from=middle))] == ids[1:]
    assert [task.task_id for task in await listed(client.tasks(queue=queue, scheduled_to=middle))] == ids[:1]
    preview = await client.cancel_tasks(queue=queue, scheduled_to=middle, dry_run=True)
    assert (preview.count, preview.changed, preview.dry_run) == (1, 0, True)
    assert (await client.cancel_tasks(queue=queue)).count == 3


async def test_the_commands_say_what_they_take(client):
    told = {one.command: one for one in await client.commands()}
    assert [one.name for one in told["shell"].parameters if one.required] == ["argv"]
    assert told["shell"].parameters[0].schema["type"] == "array"


async def test_the_answers_read_every_field_that_the_edge_gives(client, ring):
    """What the edge says and we leave out is left out on purpose."""
    queue, task_id = f"q{new_id()}", (await client.schedule("noop", delay=60)).task_id
    await client.pause(queue)
    with Client(ring.url) as sync:
        for path, kind, left_out in (
            ("/api/queues", answers.Queue, set()),
            ("/api/commands", answers.Command, set()),
            (f"/api/tasks/{task_id}/why", answers.Why, {"workers", "slots", "busy"}),
        ):
            told = sync._http.get(path).json()
            one = told[0] if isinstance(told, list) else told
            assert one.keys() - left_out == {field.name for field in msgspec.structs.fields(kind)}, path
    await client.resume(queue)
