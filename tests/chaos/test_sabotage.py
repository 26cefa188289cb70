"""The checkers can fail: with a rule broken they report it, and the same run with the rule kept is clean.

Each run has the load and the fault that bring the rule out, and takes some ten seconds.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from cluster.runtime.paths import shipped
from tests.chaos.checks.every import CHECKS, check_all
from tests.chaos.checks.limits import Limits
from tests.chaos.directed import Directed
from tests.chaos.sabotage import EDITS, SWITCHES, Edit
from tests.fixtures.eventually import eventually

LIMITS = Limits(ladder={"kill": 5.0})
RESTED = 2.0
"""Seconds after which what was in use is what is kept."""
NAP = 6.0
"""Seconds: longer than it takes another coordinator to rescue a task, for then it runs in two places at once."""

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
    """No fault at all: tasks that are short, long and due later, one that is cancelled, two that share a key, and a
    client that says everything twice."""
    for name in ("coordinator-1", "edge-1", "worker-1", "worker-2"):
        run.start(name)
    await run.online("worker-1", "worker-2")
    run.measure("baseline")
    run.enqueue("chaos-quick", 50, times=2)
    run.enqueue("chaos-nap", 6, seconds=0.5)
    for _ in range(2):
        run.enqueue("chaos-nap", key="one at a time", seconds=4.0)
    run.enqueue("chaos-quick", 5, delay=3.0)
    [unwanted] = run.enqueue("chaos-nap", seconds=4.0)
    await eventually(lambda: run.started("worker-1") + run.started("worker-2") >= 50)
    run.cancel(unwanted)
    await run.settle(10)
    await asyncio.sleep(RESTED)
    run.measure("final")


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


async def silenced_coordinator(run: Directed) -> None:
    """A coordinator's line to PostgreSQL falls silent while its worker runs tasks. The session expires in the table, so
    another coordinator has the tasks run elsewhere. In the midst of that the line is mended, and the first one writes
    the outcomes of a worker that it has every reason to believe in: only the token stands against them.
    """
    async with run.line("coordinator-1") as line:
        for name in ("coordinator-1", "coordinator-2", "edge-1", "worker-1"):
            run.start(name)
        run.start("worker-2", coordinators=["coordinator-2"])
        await run.online("worker-1", "worker-2")
        run.enqueue("chaos-quick", 5, delay=0.5)
        await run.settle(10)
        # So that the first coordinator gets all of them.
        run.freeze("coordinator-2")
        naps = run.enqueue("chaos-nap", 5, seconds=NAP)
        await eventually(lambda: run.started("worker-1", naps) == 5)
        run.silence(line)
        run.thaw("coordinator-2")
        await eventually(lambda: run.ended("worker-1", naps) == 5 and run.started("worker-2", naps) == 5, timeout=20)
        # Mended before the others end: they began when the session expired, and last as long.
        run.mend(line)
        await run.settle(NAP + 10)


NOT_TRIED: dict[Scenario, set[str]] = {
    quiet_load: set(),
    killed_edge: {"memory", "unique", "steered"},
    killed_worker: {"memory", "unique", "steered"},
    silenced_coordinator: {"memory", "unique", "steered"},
}
"""Checkers that a scenario has nothing for."""

BREAKS: dict[str, tuple[Scenario, set[str]]] = {
    "no-fence": (silenced_coordinator, {"fence"}),
    "ack-before-commit": (killed_edge, {"lost"}),
    "rescue-by-time": (quiet_load, {"repeats"}),
    "no-rescue": (killed_worker, {"stuck", "drained"}),
    "hasty-quarantine": (killed_worker, {"quarantine"}),
    "double-dispatch": (quiet_load, {"repeats"}),
    "no-idempotence": (quiet_load, {"unsent"}),
    "early": (quiet_load, {"due"}),
    "finish-copies": (quiet_load, {"accepted"}),
    "invented-result": (quiet_load, {"accepted"}),
    "uncounted": (quiet_load, {"counted"}),
    "backdated": (quiet_load, {"order"}),
    "no-keys": (quiet_load, {"unique"}),
    "cancel-undone": (quiet_load, {"steered"}),
    "leak": (quiet_load, {"memory"}),
}
"""By switch: what brings it out, and the checkers that must report it."""


@pytest.mark.chaos
@pytest.mark.parametrize("switch", BREAKS)
async def test_a_broken_rule_is_reported(switch: str, start: Callable[[str], Directed]) -> None:
    scenario, checkers = BREAKS[switch]
    run = start(switch)
    await scenario(run)
    history, tables = run.history(), run.tables()
    for name in checkers:
        found = [violation.rule for violation in CHECKS[name](history, tables, LIMITS)]
        assert set(found) - {"nothing to check"}, f"{name} found nothing"


@pytest.mark.chaos
@pytest.mark.parametrize("scenario", NOT_TRIED)
async def test_the_same_run_with_every_rule_kept_is_clean(scenario: Scenario, start: Callable[[str], Directed]) -> None:
    run = start("")
    await scenario(run)
    found = check_all(run.history(), run.tables(), LIMITS, without=NOT_TRIED[scenario])
    assert [str(violation) for violation in found] == []


def test_every_checker_is_seen_to_find_something() -> None:
    assert set(BREAKS) == set(SWITCHES)
    assert set().union(*(checkers for _, checkers in BREAKS.values())) == set(CHECKS)


@pytest.mark.parametrize("edit", [edit for edits in EDITS.values() for edit in edits], ids=str)
def test_every_edit_finds_what_it_breaks(edit: Edit) -> None:
    sql = (shipped("sql") / "queries" / f"{edit.statement}.sql").read_text()
    assert sql.startswith(f"-- {edit.statement}:")
    assert edit.applied(sql) != sql
