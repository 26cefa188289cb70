"""Both clients against a real cluster."""

import asyncio
import inspect
from datetime import UTC, datetime

import msgspec
import pytest

from cluster.client import AsyncClient, Client, answers, new_task
from cluster.core.errors import InvalidTask, NotFound
from cluster.core.task import Status
from cluster.runtime.ids import new_id


class Threaded:
    """The sync client behind the methods of the async one, each call on a thread."""

    def __init__(self, client):
        self._client = client

    def __getattr__(self, name):
        method = getattr(self._client, name)
        return lambda *arguments, **options: asyncio.to_thread(method, *arguments, **options)


@pytest.fixture(params=["sync", "async"])
async def client(request, ring):
    """The same tests for both: methods are awaited, iterators are `listed`."""
    if request.param == "sync":
        with Client(ring.url) as client:
            yield Threaded(client)
    else:
        async with AsyncClient(ring.url) as client:
            yield client


async def listed(iterator, count=None):
    """What the iterator of either client yields, at most `count`."""
    if inspect.isasyncgen(iterator):
        found = []
        async for item in iterator:
            found.append(item)
            if len(found) == count:
                break
        await iterator.aclose()
        return found
    iterator = await iterator
    return await asyncio.to_thread(lambda: [item for item, _ in zip(iterator, range(count or 10**9), strict=False)])


async def test_a_task_is_posted_waited_for_and_read(client):
    before = datetime.now(UTC)
    posted = await client.schedule("noop", {"n": 1}, priority=3)
    seen = []
    [task] = await client.wait([posted.task_id], seen.append)
    assert seen == [task]
    assert task == await client.status(posted.task_id)
    assert (task.task_id, task.command, task.payload, task.priority) == (posted.task_id, "noop", {"n": 1}, 3)
    assert (task.status, task.finished, task.error) == (Status.COMPLETE, True, None)
    assert task.scheduled_at.timestamp() == pytest.approx(posted.scheduled_at, abs=1e-3)
    assert before.replace(year=2000) < task.picked_at <= task.started_at <= task.finished_at


async def test_many_tasks_are_posted_in_order_and_waited_for(client):
    batches = []
    tasks = [new_task("noop", {"n": n}) for n in range(1200)]
    task_ids = await client.schedule_many(iter(tasks), batches.append)
    assert task_ids == [task.id for task in tasks]
    assert [len(batch) for batch in batches] == [1000, 200]
    finished = await client.wait(task_ids)
    assert [task.payload["n"] for task in finished] == list(range(1200))


async def test_pages_are_followed_to_the_end(client):
    queue = f"q{new_id()}"
    task_ids = await client.schedule_many(new_task("noop", queue=queue, delay=3600 + n) for n in range(23))
    found = await listed(client.tasks(queue=queue, page_size=5))
    assert [task.task_id for task in found] == task_ids


async def test_the_filters_of_a_listing_are_those_of_the_edge(client):
    queue = f"q{new_id()}"
    [later, _] = await client.schedule_many(
        [new_task("noop", queue=queue, delay=3600), new_task("nobody", queue=queue)]
    )
    found = await listed(client.tasks(queue=queue, command="noop", status="QUEUED", worker=None))
    assert [task.task_id for task in found] == [later]


async def test_a_task_that_nobody_knows_is_not_found(client):
    with pytest.raises(NotFound, match="there is no task"):
        await client.status(new_id())
    with pytest.raises(NotFound, match="there is no task"):
        await client.wait([new_id()])


async def test_what_the_edge_refuses_is_an_error_with_its_words(client):
    with pytest.raises(InvalidTask, match="count"):
        await client.scale(51)
    with pytest.raises(NotFound, match="no worker"):
        await client.kill("nobody")


async def test_what_was_committed_before_an_error_stays(client):
    queue = f"q{new_id()}"

    def tasks():
        for _ in range(1000):
            yield new_task("noop", queue=queue, delay=3600)
        raise RuntimeError("the program's own")

    with pytest.raises(RuntimeError, match="the program's own"):
        await client.schedule_many(tasks())
    assert len(await listed(client.tasks(queue=queue))) == 1000


async def test_the_numbers_and_the_workers_are_read(client):
    await client.wait([(await client.schedule("noop")).task_id])
    stats = await client.stats()
    assert stats.total == stats.pending + stats.running + stats.completed + stats.failed + stats.cancelled
    [worker] = await client.workers()
    assert (worker.name, worker.status) == ("ring", "online")
    assert {"noop", "demo-job"} <= set(worker.commands)


async def test_events_come_with_ids_and_go_on_after_one(client):
    task_id = str((await client.schedule("demo-job")).task_id)
    found = await listed(client.events(), 5)
    assert all(event.id for event in found)
    following = await listed(client.events(after=found[1].id), 3)
    assert following == found[2:5]
    assert task_id in {event.task_id for event in await client.logs()}


async def test_the_answers_read_every_field_that_the_edge_gives(client, ring):
    """What the edge says and we leave out is left out on purpose."""
    task_id = (await client.schedule("noop")).task_id
    await client.wait([task_id])
    left_out = {"id"}
    read_by = {"/api/stats": answers.Stats, f"/api/status?task_id={task_id}": answers.Task}
    with Client(ring.url) as sync:
        for path, kind in read_by.items():
            told = sync._http.get(path).json()
            assert told.keys() - left_out == {field.name for field in msgspec.structs.fields(kind)}
        assert sync._http.get("/api/workers").json()[0].keys() == {
            field.name for field in msgspec.structs.fields(answers.Worker)
        }


def test_a_client_shows_where_it_leads():
    with Client("http://edge.example:8081") as client:
        assert repr(client) == "<Client http://edge.example:8081>"


def test_both_clients_offer_the_same():
    def offered(kind):
        return {name for name in vars(kind) if not name.startswith("_")}

    assert offered(Client) == offered(AsyncClient)
    for name in offered(Client):
        ours, theirs = (inspect.signature(getattr(kind, name)).parameters for kind in (Client, AsyncClient))
        assert str(ours) == str(theirs), name
