"""Orders of a coordinator: each is carried out once, and its outcome told until the stream took it."""

from collections import OrderedDict
from typing import Protocol

from cluster.core.errors import TaskMasterError
from cluster.core.limits import WORKERS_MAX
from cluster.runtime import telemetry
from cluster.wire import taskmaster_pb2 as wire

REMEMBERED = 1000


class Crew(Protocol):
    """Who carries orders out: a `Runtime`. Raises TaskMasterError when that is not possible."""

    async def scale(self, count: int) -> None: ...

    async def kill(self, name: str) -> bool: ...

    async def drain(self, name: str) -> bool: ...


class Orders:
    """State: the outcomes of the newest REMEMBERED orders by id, and those that were not told yet: of orders that are
    still open in PostgreSQL, which closes them after a while."""

    def __init__(self, crew: Crew) -> None:
        self._crew = crew
        self._outcomes: OrderedDict[int, wire.OrderOutcome] = OrderedDict()
        self._untold: dict[int, wire.OrderOutcome] = {}

    async def take(self, order: wire.SupervisorOrder) -> None:
        """Carry it out, unless that was done already: then its outcome is told again."""
        outcome = self._outcomes.get(order.order_id)
        if outcome is None:
            try:
                ok, detail = await self._carry_out(order)
            except TaskMasterError as error:
                ok, detail = False, error.detail
            outcome = wire.OrderOutcome(order_id=order.order_id, ok=ok, detail=detail)
            self._remember(outcome)
            telemetry.emit("order_carried_out", level="info" if ok else "warning", order=order.order_id, detail=detail)
        self._untold[order.order_id] = outcome

    def untold(self) -> list[wire.OrderOutcome]:
        return list(self._untold.values())

    def told(self, outcomes: list[wire.OrderOutcome]) -> None:
        for outcome in outcomes:
            self._untold.pop(outcome.order_id, None)

    async def _carry_out(self, order: wire.SupervisorOrder) -> tuple[bool, str]:
        match order.WhichOneof("order"):
            case "scale":
                count = order.scale.count
                if not 1 <= count <= WORKERS_MAX:
                    return False, f"{count} workers are not between 1 and {WORKERS_MAX}"
                await self._crew.scale(count)
                return True, f"scaled to {count} workers"
            case "kill":
                name = order.kill.name
                killed = await self._crew.kill(name)
                return killed, f"killed {name}" if killed else f"no worker named {name} runs here"
            case "drain":
                name = order.drain.name
                drains = await self._crew.drain(name)
                return drains, f"{name} drains" if drains else f"no worker named {name} runs here"
            case _:
                return False, "this supervisor does not know such an order"

    def _remember(self, outcome: wire.OrderOutcome) -> None:
        self._outcomes[outcome.order_id] = outcome
        if len(self._outcomes) > REMEMBERED:
            self._outcomes.popitem(last=False)
