"""Orders are carried out once and their outcomes told until they were taken."""

import pytest

from cluster.supervisor.orders import REMEMBERED, Orders
from cluster.wire import taskmaster_pb2 as wire


class Crew:
    """Notes what it was told to do."""

    def __init__(self, *names: str) -> None:
        self.names = names
        self.done: list[str] = []

    async def scale(self, count: int) -> None:
        self.done.append(f"scale {count}")

    async def kill(self, name: str) -> bool:
        self.done.append(f"kill {name}")
        return name in self.names

    async def drain(self, name: str) -> bool:
        self.done.append(f"drain {name}")
        return name in self.names


def scale(order_id: int, count: int) -> wire.SupervisorOrder:
    return wire.SupervisorOrder(order_id=order_id, scale=wire.ScaleWorkers(count=count))


def kill(order_id: int, name: str) -> wire.SupervisorOrder:
    return wire.SupervisorOrder(order_id=order_id, kill=wire.KillWorker(name=name))


def told(orders: Orders) -> list[tuple[int, bool, str]]:
    return [(outcome.order_id, outcome.ok, outcome.detail) for outcome in orders.untold()]


async def test_an_order_is_carried_out_and_its_outcome_told() -> None:
    crew = Crew("worker-1")
    orders = Orders(crew)

    await orders.take(scale(1, 10))
    await orders.take(kill(2, "worker-1"))
    await orders.take(wire.SupervisorOrder(order_id=3, drain=wire.DrainWorker(name="worker-1")))

    assert crew.done == ["scale 10", "kill worker-1", "drain worker-1"]
    assert told(orders) == [
        (1, True, "scaled to 10 workers"),
        (2, True, "killed worker-1"),
        (3, True, "worker-1 drains"),
    ]


async def test_an_order_that_comes_again_is_not_carried_out_again_but_told_again() -> None:
    crew = Crew("worker-1")
    orders = Orders(crew)
    await orders.take(kill(1, "worker-1"))
    orders.told(orders.untold())

    await orders.take(kill(1, "worker-1"))

    assert crew.done == ["kill worker-1"]
    assert told(orders) == [(1, True, "killed worker-1")]


async def test_an_outcome_is_told_until_it_was_taken() -> None:
    orders = Orders(Crew())
    await orders.take(scale(1, 3))
    first = orders.untold()
    await orders.take(scale(2, 4))

    assert [outcome.order_id for outcome in orders.untold()] == [1, 2]
    orders.told(first)
    assert [outcome.order_id for outcome in orders.untold()] == [2]


@pytest.mark.parametrize("count", [0, 51, 4_000_000_000])
async def test_a_count_out_of_bounds_is_refused(count: int) -> None:
    crew = Crew()
    orders = Orders(crew)

    await orders.take(scale(1, count))

    assert crew.done == []
    assert told(orders) == [(1, False, f"{count} workers are not between 1 and 50")]


async def test_killing_a_worker_that_is_not_here_is_told_as_such() -> None:
    orders = Orders(Crew())
    await orders.take(kill(1, "worker-9"))

    assert told(orders) == [(1, False, "no worker named worker-9 runs here")]


async def test_an_order_from_a_newer_coordinator_is_refused_not_guessed() -> None:
    orders = Orders(Crew())
    await orders.take(wire.SupervisorOrder(order_id=1))

    assert told(orders) == [(1, False, "this supervisor does not know such an order")]


async def test_what_is_remembered_of_orders_is_bounded() -> None:
    crew = Crew()
    orders = Orders(crew)
    for order_id in range(REMEMBERED + 1):
        await orders.take(scale(order_id, 3))
        orders.told(orders.untold())

    await orders.take(scale(REMEMBERED, 3))
    assert len(crew.done) == REMEMBERED + 1
    await orders.take(scale(0, 3))
    assert len(crew.done) == REMEMBERED + 2
