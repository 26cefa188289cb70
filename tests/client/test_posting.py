"""What leaves the client."""

import json
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest

from cluster.client import new_task, posting
from cluster.core.errors import InvalidTask, PayloadTooLarge
from cluster.core.limits import BATCH_TASKS, BODY_BYTES, PAYLOAD_BYTES


def said(*arguments, **options):
    return json.loads(posting.body(new_task(*arguments, **options)))


def test_a_body_says_only_what_differs_from_the_defaults():
    task = new_task("noop")
    assert json.loads(posting.body(task)) == {"command": "noop", "task_id": str(task.id)}


def test_every_option_travels():
    task_id = UUID("0196f2a4-5c1e-7bb0-9d3e-2f6a8c4b1d70")
    body = said(
        "thumbnail",
        {"path": "/srv/ä.jpg"},
        task_id=task_id,
        at=datetime(2031, 5, 1, 9, tzinfo=UTC),
        queue="slow",
        priority=-3,
        max_attempts=1,
        timeout=0.5,
        unique_key="a",
    )
    assert body == {
        "command": "thumbnail",
        "task_id": str(task_id),
        "payload": {"path": "/srv/ä.jpg"},
        "scheduled_at": "2031-05-01T09:00:00+00:00",
        "queue": "slow",
        "priority": -3,
        "max_attempts": 1,
        "timeout_seconds": 0.5,
        "unique_key": "a",
    }


def test_a_delay_is_left_to_the_clock_of_the_database():
    body = said("noop", delay=10)
    assert body["delay_seconds"] == 10
    assert "scheduled_at" not in body


@pytest.mark.parametrize(
    ("arguments", "options", "why"),
    [
        (("",), {}, "command"),
        (("noop",), {"priority": 101}, "priority"),
        (("noop",), {"max_attempts": 0}, "max_attempts"),
        (("noop",), {"timeout": 0.0}, "timeout_seconds"),
        (("noop",), {"timeout": float("inf")}, "timeout_seconds"),
        (("noop",), {"timeout": float("nan")}, "timeout_seconds"),
        (("noop",), {"timeout": 1e306}, "timeout_seconds"),
        (("noop",), {"delay": -1}, "delay_seconds"),
        (("noop",), {"at": datetime(2031, 5, 1)}, "scheduled_at"),  # noqa: DTZ001
        (("noop",), {"at": datetime(2031, 5, 1, tzinfo=UTC), "delay": 1}, "not both"),
        (("noop",), {"at": datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))}, "scheduled_at"),
        (("noop", {"a": object()}), {}, "JSON"),
        (("noop", {"a": "\0"}), {}, "NUL"),
    ],
)
def test_what_breaks_a_limit_is_refused_before_it_is_sent(arguments, options, why):
    with pytest.raises(InvalidTask, match=why):
        new_task(*arguments, **options)


def test_a_payload_that_is_too_large_is_refused_before_it_is_sent():
    with pytest.raises(PayloadTooLarge):
        new_task("noop", {"text": "x" * PAYLOAD_BYTES})


def test_a_misspelt_option_is_an_error():
    with pytest.raises(TypeError, match="queu"):
        new_task("noop", queu="slow")


def test_batches_keep_the_order_and_the_limits_of_a_request():
    tasks = [new_task("noop", {"n": n, "text": "x" * 2000}) for n in range(2500)]
    batches = list(posting.batches(tasks))
    assert all(len(batch) <= BATCH_TASKS for batch in batches)
    assert all(sum(map(len, batch)) + len(batch) < BODY_BYTES for batch in batches)
    assert [json.loads(body)["payload"]["n"] for batch in batches for body in batch] == list(range(2500))


def test_small_tasks_fill_whole_batches():
    assert [len(batch) for batch in posting.batches(new_task("noop") for _ in range(2001))] == [1000, 1000, 1]


def test_no_tasks_are_no_batch():
    assert list(posting.batches([])) == []
