"""What clients ask for is drawn by the seed, and is a request that the edge takes."""

import random

import msgspec
from hypothesis import given
from hypothesis import strategies as some

from cluster.edge.payloads import Schedule, Several
from cluster.worker.arguments import Arguments
from cluster.worker.registry import registered
from tests.chaos import tasks
from tests.chaos.orders import COMMANDS, request

DICE = some.integers(0, 10**6)


@given(DICE)
def test_a_request_is_one_that_the_edge_takes(seed: int) -> None:
    order = request("client/1", random.Random(seed))

    body = msgspec.json.encode(order.body)
    asked = msgspec.json.decode(body, type=Schedule if order.path == "/api/schedule" else Several)

    assert order.count == (1 if isinstance(asked, Schedule) else len(asked.tasks))
    assert len(order.delays) == len(order.unique_keys) == order.count
    assert len(order.task_ids) in {0, order.count}


@given(DICE)
def test_a_payload_fits_its_handler_and_names_its_call(seed: int) -> None:
    order = request("client/7", random.Random(seed))

    for task in order.body.get("tasks", [order.body]):
        arguments = Arguments(registered[task["command"]]).decode(msgspec.json.encode(task["payload"]))
        assert arguments["call"] == "client/7"


def test_every_command_has_a_handler() -> None:
    assert tasks.__name__
    assert {wanted.command for wanted in COMMANDS} <= set(registered)
