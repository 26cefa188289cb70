"""Large tasks: one answer holds a bounded part of them, and says how to get the rest."""

import asyncio

import pytest

from cluster.client import AsyncClient, Client
from cluster.core.limits import BODY_BYTES
from cluster.store.tasks import BYTES

TASKS = 40
TEXT = "x" * 250_000


@pytest.fixture
async def ids(http):
    """40 tasks of 250 kB, 10 MB together."""
    made = []
    for n in range(TASKS):
        answer = await http.post("/api/schedule", json={"command": "noop", "payload": {"n": n, "text": TEXT}})
        made.append(answer.json()["task_id"])
    return made


@pytest.mark.parametrize("sort", ["scheduled_at", "-scheduled_at"])
async def test_a_list_of_large_tasks_comes_in_pages_of_a_bounded_size(http, ids, sort):
    asked, listed, pages = {"limit": 500, "sort": sort}, [], 0
    while True:
        answer = await http.get("/api/tasks", params=asked)
        page = answer.json()
        assert len(answer.content) < BYTES + BODY_BYTES
        listed += [task["id"] for task in page["tasks"]]
        pages += 1
        if page["next_cursor"] is None:
            break
        asked["cursor"] = page["next_cursor"]
    assert listed == (ids if sort == "scheduled_at" else ids[::-1])
    assert pages == 3


async def test_a_list_by_ids_is_as_bounded(http, ids):
    digits = ids[0][:8]
    answer = await http.get("/api/tasks", params={"id": digits, "limit": 500})
    assert len(answer.content) < BYTES + BODY_BYTES
    listed = [task["id"] for task in answer.json()["tasks"]]
    assert listed == sorted(task_id for task_id in ids if task_id.startswith(digits))[: len(listed)]


async def test_more_than_one_answer_holds_is_413_and_says_to_ask_for_fewer(http, ids):
    answer = await http.post("/api/status/batch", json={"task_ids": ids})
    assert answer.status_code == 413
    assert "ask for fewer of them at once" in answer.json()["detail"]
    answer = await http.post("/api/status/batch", json={"task_ids": ids[:8]})
    assert [task["id"] for task in answer.json()["tasks"]] == ids[:8]


async def test_the_clients_wait_for_large_tasks_in_smaller_groups(http, ids):
    await http.post("/api/tasks/cancel", json={"task_ids": ids})
    async with AsyncClient(str(http.base_url)) as client:
        assert [str(task.task_id) for task in await client.wait(ids)] == ids
    with Client(str(http.base_url)) as client:
        assert [str(task.task_id) for task in await asyncio.to_thread(client.wait, ids)] == ids
