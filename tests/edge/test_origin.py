"""Who may ask: an edge that listens everywhere, as in a container, and knows its names."""

import dataclasses

import pytest

from cluster.edge.edge import Edge
from cluster.edge.origin import Doorkeeper
from cluster.edge.problems import Refused
from cluster.edge.server import bound
from cluster.runtime.variables import Address

EVERYWHERE = "0.0.0.0"
COMPOSE = ("localhost", "edge")


def allowed(doorkeeper, **headers):
    try:
        doorkeeper.check({"headers": [(name.encode(), value.encode()) for name, value in headers.items()]})
    except Refused as refused:
        assert refused.status == 403
        return False
    return True


@pytest.fixture
async def contained(settings, edge_pool, http_of):
    """An HTTP client of an edge as the compose file starts it, on loopback."""
    settings = dataclasses.replace(settings, scheduler=Address(EVERYWHERE, 0), edge_names=COMPOSE)
    with bound(Address("127.0.0.1", 0)) as listener:
        edge = Edge(settings, edge_pool, listener)
        await edge.start()
        async with http_of(edge) as http:
            yield http
        await edge.stop()


async def test_a_page_whose_name_points_to_the_host_may_not_steer_a_published_edge(contained):
    evil = "evil.example:8081"
    rebound = {"host": evil, "origin": f"http://{evil}"}
    answer = await contained.post("/api/workers/scale", json={"count": 2}, headers=rebound)
    assert answer.status_code == 403
    assert "EDGE_NAMES" in answer.json()["detail"]
    # It may not look either: for what a page reads from its own name a browser sends no Origin.
    assert (await contained.get("/api/tasks", headers={"host": evil})).status_code == 403


async def test_programs_and_the_page_itself_are_answered_by_a_published_edge(contained):
    assert (await contained.post("/api/schedule", json={"command": "noop"})).status_code == 201
    for host in ("127.0.0.1:8081", "localhost:8081", "[::1]:8081", "edge:8081", "10.0.0.7"):
        origin = {"host": host, "origin": f"http://{host}"}
        for headers in ({"host": host}, origin):
            assert (await contained.post("/api/schedule", json={"command": "noop"}, headers=headers)).is_success, host


@pytest.mark.parametrize(
    ("listening", "names", "host", "answered"),
    [
        (EVERYWHERE, (), "evil.example", True),
        (EVERYWHERE, ("*",), "evil.example", True),
        ("127.0.0.1", ("*",), "evil.example", True),
        (EVERYWHERE, COMPOSE, "evil.example", False),
        (EVERYWHERE, COMPOSE, "edge.evil.example", False),
        (EVERYWHERE, COMPOSE, "EDGE.:8081", True),
        (EVERYWHERE, ("tasks.example",), "Tasks.Example", True),
        (EVERYWHERE, ("tasks.example",), "localhost", True),
        ("127.0.0.1", ("tasks.example",), "tasks.example", True),
        ("127.0.0.1", (), "tasks.example", False),
    ],
)
def test_an_edge_answers_to_the_names_it_was_given(listening, names, host, answered):
    doorkeeper = Doorkeeper(listening, names)
    assert allowed(doorkeeper, host=host) is answered
    assert allowed(doorkeeper, host=host, origin=f"http://{host}") is answered
    assert allowed(doorkeeper)
