"""What became of a task that somebody wanted to cancel or to run again, in words: pure, from what the store says."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from uuid import UUID

from cluster.core.task import FINAL, UNSUCCESSFUL, State, status_of
from cluster.edge.problems import Refused
from cluster.edge.views import ChangesView, ChangeView
from cluster.store.steering import Change

LISTED = 1_000
"""Ids of changed tasks that one answer names."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants of a task. `changes`: the states that it can be done to. `settled`: those in which there is
    nothing left to do. `done`, `said`: how it is told that it was done, and that there was nothing to do.
    """

    changes: frozenset[State]
    settled: frozenset[State]
    done: str
    said: str
    refusal: str


CANCEL = Wish(
    changes=frozenset(State) - FINAL,
    settled=frozenset({State.CANCELLED}),
    done="cancelled",
    said="cancelled already",
    refusal="what has ended cannot be cancelled",
)
RETRY = Wish(
    changes=UNSUCCESSFUL,
    settled=frozenset(State) - FINAL,
    done="ready to run again",
    said="going to run or running already",
    refusal="only what ended without success can run again",
)


def verdict(wish: Wish, change: Change) -> ChangeView:
    """One task. Raises Refused 409 when it cannot be, which says why."""
    if why := _refusal(wish, change):
        raise Refused(HTTPStatus.CONFLICT, f"task {change.id}: {why}")
    return ChangeView(
        task_id=change.id,
        changed=change.changed,
        was=change.was.name.lower(),
        status=status_of(change.now),
        detail=f"it is {wish.done}" if change.changed else f"it is {wish.said}",
    )


def summary(wish: Wish, asked: Sequence[UUID], changes: Iterable[Change], *, more: bool) -> ChangesView:
    """Many tasks; those of `asked` that nobody knows are refused, too."""
    known = list(changes)
    unknown = len(asked) - len(known)
    changed = [change.id for change in known if change.changed]
    refusals = Counter(why for change in known if (why := _refusal(wish, change, brief=True)))
    if unknown:
        refusals["there is no such task"] = unknown
    settled = len(asked) - len(changed) - refusals.total()
    return ChangesView(
        changed=len(changed),
        unchanged=len(asked) - len(changed),
        refused=refusals.total(),
        task_ids=changed[:LISTED],
        reasons={**({wish.said: settled} if settled else {}), **refusals},
        more=more,
    )


def _refusal(wish: Wish, change: Change, *, brief: bool = False) -> str | None:
    """Why it cannot be, or None. `brief`: the same text for all tasks of which it is true."""
    if change.changed or change.was in wish.settled:
        return None
    if change.was not in wish.changes:
        return f"it is {change.was.name.lower()}" + ("" if brief else f"; {wish.refusal}")
    if change.held_by is not None:
        return "a live task holds its unique_key" + ("" if brief else f": {change.held_by}")
    return "it changed at the same moment; say it again"
