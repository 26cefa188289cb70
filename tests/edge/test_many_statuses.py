"""POST /api/status/batch: many tasks by their ids, for whoever waits for them."""

from uuid import uuid4

import pytest

from cluster.core.limits import LOOKUP_TASKS


async def post(http, **task):
    return (await http.post("/api/schedule", json={"command": "noop", **task})).json()["task_id"]


async def test_the_tasks_come_as_status_tells_them_in_the_order_of_the_request(http):
    ids = [await post(http, payload={"n": n}) for n in range(3)]
    answer = await http.post("/api/status/batch", json={"task_ids": ids[::-1]})
    assert answer.status_code == 200
    one_by_one = [(await http.get("/api/status", params={"task_id": task_id})).json() for task_id in ids[::-1]]
    assert answer.json() == {"tasks": one_by_one}


async def test_a_task_that_nobody_knows_is_left_out(http):
    task_id = await post(http)
    answer = await http.post("/api/status/batch", json={"task_ids": [str(uuid4()), task_id, str(uuid4())]})
    assert [task["task_id"] for task in answer.json()["tasks"]] == [task_id]


async def test_as_many_as_the_limit_may_be_asked_about(http):
    answer = await http.post("/api/status/batch", json={"task_ids": [str(uuid4()) for _ in range(LOOKUP_TASKS)]})
    assert answer.json() == {"tasks": []}


@pytest.mark.parametrize(
    "body",
    [
        {"task_ids": []},
        {"task_ids": [str(uuid4())] * (LOOKUP_TASKS + 1)},
        {"task_ids": ["x"]},
        {"task_ids": "x"},
        {},
        {"task_ids": [str(uuid4())], "more": 1},
    ],
    ids=["none", "too many", "no id", "no list", "nothing", "unknown field"],
)
async def test_what_is_no_list_of_ids_is_refused(http, body):
    answer = await http.post("/api/status/batch", json=body)
    assert answer.status_code == 422
    assert answer.json()["detail"]
