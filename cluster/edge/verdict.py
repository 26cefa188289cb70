"""What became of a task that somebody wanted to cancel or to run again, in words: pure, from what the store says."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from uuid import UUID

from cluster.core.steering import CANCEL, Wish
from cluster.core.task import State, status_of
from cluster.edge.problems import Refused
from cluster.edge.views import ChangesView, ChangeView
from cluster.store.steering import Change

LISTED = 1_000
"""Ids of changed tasks that one answer names."""


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


def foreseen(wish: Wish, states: Mapping[UUID, State]) -> list[Change]:
    """What would become of tasks that are in these states, if nothing came between."""
    now = State.CANCELLED if wish is CANCEL else State.READY
    return [Change(task_id, "", was, now if was in wish.changes else was) for task_id, was in states.items()]


def summary(
    wish: Wish, asked: Sequence[UUID], changes: Iterable[Change], *, more: bool, dry_run: bool = False
) -> ChangesView:
    """Many tasks; those of `asked` that nobody knows are refused, too. `dry_run`: the changes are foreseen ones."""
    known = list(changes)
    unknown = len(asked) - len(known)
    changed = [change.id for change in known if change.changed]
    refusals = Counter(why for change in known if (why := _refusal(wish, change, brief=True)))
    if unknown:
        refusals["there is no such task"] = unknown
    settled = len(asked) - len(changed) - refusals.total()
    return ChangesView(
        dry_run=dry_run,
        count=len(changed),
        changed=0 if dry_run else len(changed),
        unchanged=len(asked) - len(changed),
        refused=refusals.total(),
        task_ids=changed[:LISTED],
        reasons={**({wish.said: settled} if settled else {}), **refusals},
        more=more,
    )


def _refusal(wish: Wish, change: Change, *, brief: bool = False) -> str | None:
    return None if change.changed else wish.why_not(change.was, change.held_by, brief=brief)
