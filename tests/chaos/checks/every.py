"""All checkers, by the name of their module."""

from collections.abc import Callable, Collection, Mapping

from tests.chaos.checks import (
    accepted,
    counted,
    drained,
    due,
    fence,
    lost,
    memory,
    order,
    quarantine,
    repeats,
    steered,
    stuck,
    unique,
    unsent,
)
from tests.chaos.checks.limits import Limits
from tests.chaos.checks.violation import Violation
from tests.chaos.history import History
from tests.chaos.tables import Tables

Check = Callable[[History, Tables, Limits], list[Violation]]

CHECKS: Mapping[str, Check] = {
    module.__name__.rpartition(".")[2]: module.check
    for module in (
        lost,
        unsent,
        accepted,
        fence,
        repeats,
        stuck,
        drained,
        order,
        due,
        counted,
        memory,
        quarantine,
        unique,
        steered,
    )
}


def check_all(history: History, tables: Tables, limits: Limits, *, without: Collection[str] = ()) -> list[Violation]:
    """What every checker finds but those that a run has nothing for: without delays, say, there is no `due`."""
    assert CHECKS.keys() >= set(without), f"no such checks: {set(without) - CHECKS.keys()}"
    return [
        violation
        for name, check in CHECKS.items()
        if name not in without
        for violation in check(history, tables, limits)
    ]
