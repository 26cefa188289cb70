"""The service `worker` of the compose project `shop`, on the engine that is not there."""

from collections.abc import Callable

from cluster.supervisor.runtimes.containers.compose import Compose
from cluster.supervisor.runtimes.containers.engine import Unit
from cluster.supervisor.runtimes.placement import Placement

Connect = Callable[..., Compose]
PLACEMENT = Placement("compose", "shop", "worker", "", 35.0)


def reach(compose: Compose, count: int) -> None:
    """Steps until `count` is reached, with what has drained cleared away between them."""
    for _ in range(20):
        if compose.scale(count):
            return
        for unit in compose.look():
            if unit.grace is not None and not unit.runs:
                compose.clear(unit)
    raise AssertionError(f"{compose!r} does not reach {count}")


def states(compose: Compose) -> dict[str, str]:
    return {unit.name: unit.state for unit in compose.look()}


def unit(compose: Compose, name: str) -> Unit:
    return next(unit for unit in compose.look() if unit.name == name)
