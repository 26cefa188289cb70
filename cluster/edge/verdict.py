"""What became of a task that somebody wanted to cancel or to run again, in words: pure, from what the store says."""

from collections import Counter
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from uuid import UUID

from cluster.core.steering import Wish
from cluster.core.task import status_of
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
    return None if change.changed else wish.why_not(change.was, change.held_by, brief=brief)
