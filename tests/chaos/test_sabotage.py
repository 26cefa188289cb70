"""The checkers can fail: with a rule broken they report it, and the same run with the rule kept is clean.

Each run has the load and the fault that bring the rule out, and takes some ten seconds.
"""

import signal
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from tests.chaos.checks.every import check_all
from tests.chaos.checks.limits import Limits
from tests.chaos.checks.violation import Violation
from tests.chaos.directed import Directed
from tests.chaos.sabotage import SWITCHES
from tests.fixtures.eventually import eventually

pytestmark = pytest.mark.chaos

LIMITS = Limits(ladder={"kill": 5.0})
NOT_TRIED = {"memory", "unique", "steered"}

Scenario = Callable[[Directed], Awaitable[None]]


@pytest.fixture
def start(database_url: str, tmp_path: Path) -> Iterator[Callable[[str], Directed]]:
    """Makes the cluster of a run, with that rule broken."""
    made: list[Directed] = []

    def make(broken: str) -> Directed:
        made.append(Directed(database_url, tmp_path, broken=broken))
        return made[-1]

    yield make
    for each in made:
        each.end()


async def quiet_load(run: Directed) -> None:
    """No fault at all: tasks that are short, long and due later, and a client that says everything twice."""
    for name in ("coordinator-1", "edge-1", "worker-1", "worker-2"):
        run.start(name)
    await run.online("worker-1", "worker-2")
    run.enqueue("chaos-quick", 50, times=2)
    run.enqueue("chaos-nap", 6, seconds=0.5)
    run.enqueue("chaos-nap", 2, seconds=4.0)
    run.enqueue("chaos-quick", 5, delay=3.0)
    await run.settle(10)


async def killed_edge(run: Directed) -> None:
    """The edge is killed while a client enqueues one task after the other."""
    for name in ("coordinator-1", "edge-1", "worker-1"):
        run.start(name)
    await run.online("worker-1")
    run.enqueue("chaos-quick", 5, delay=0.5)
    for _ in range(100):
        run.enqueue("chaos-quick")
    await run.kill("edge-1")
    await run.settle(10)


async def killed_worker(run: Directed) -> None:
    """A worker is killed while it is busy."""
    for name in ("coordinator-1", "edge-1", "worker-1", "worker-2"):
        run.start(name)
    await run.online("worker-1", "worker-2")
    run.enqueue("chaos-quick", 5, delay=0.5)
    run.enqueue("chaos-nap", 10, seconds=2.0)
    await eventually(lambda: run.started("worker-1") > 3)
    await run.kill("worker-1")
    await run.settle(12)


async def frozen_coordinator(run: Directed) -> None:
    """A coordinator is frozen while its worker runs tasks. Another one rescues them; then the first wakes up, with the
    outcomes of its worker on the line and the old leases in its memory, while the tasks run elsewhere.
    """
    for name in ("coordinator-1", "edge-1", "worker-1"):
        run.start(name)
    await run.online("worker-1")
    run.enqueue("chaos-quick", 5, delay=0.5)
    run.enqueue("chaos-nap", 5, seconds=4.0)
    await eventually(lambda: run.started("worker-1") >= 5)
    run.start("coordinator-2", coordinators=["coordinator-2"])
    run.start("worker-2", coordinators=["coordinator-2"])
    await run.online("worker-1", "worker-2")
    run.fault("freeze", "coordinator-1", "begin")
    run.send("coordinator-1", signal.SIGSTOP)
    await eventually(lambda: run.started("worker-2") >= 5, timeout=20)
    run.send("coordinator-1", signal.SIGCONT)
    run.fault("freeze", "coordinator-1", "end")
    await run.settle(12)


BREAKS: dict[str, tuple[Scenario, str]] = {
    "no-fence": (frozen_coordinator, "fence"),
    "ack-before-commit": (killed_edge, "lost"),
    "no-rescue": (killed_worker, "stuck"),
    "rescue-by-time": (quiet_load, "repeated"),
    "double-dispatch": (quiet_load, "repeated"),
    "no-idempotence": (quiet_load, "renamed"),
    "early": (quiet_load, "early"),
    "uncounted": (quiet_load, "miscounted"),
}
"""By switch: what brings it out, and the rule that must be reported as broken."""


def found(run: Directed) -> list[Violation]:
    return check_all(run.history(), run.tables(), LIMITS, without=NOT_TRIED)


@pytest.mark.parametrize("switch", SWITCHES)
async def test_a_broken_rule_is_reported(switch: str, start: Callable[[str], Directed]) -> None:
    scenario, rule = BREAKS[switch]
    run = start(switch)
    await scenario(run)
    assert rule in {violation.rule for violation in found(run)}


@pytest.mark.parametrize(
    "scenario", sorted({scenario for scenario, _ in BREAKS.values()}, key=lambda one: one.__name__)
)
async def test_the_same_run_with_every_rule_kept_is_clean(scenario: Scenario, start: Callable[[str], Directed]) -> None:
    run = start("")
    await scenario(run)
    assert [str(violation) for violation in found(run)] == []
