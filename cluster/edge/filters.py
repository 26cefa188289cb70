"""The filters of a request, as the store takes them."""

from datetime import UTC, datetime
from http import HTTPStatus

from msgspec import UNSET, UnsetType

from cluster.core.task import State, Status, states_of
from cluster.edge.asked import instant
from cluster.edge.payloads import CancelWhere, Listing, RetryWhere
from cluster.edge.problems import Refused
from cluster.store.steering import Selection
from cluster.store.tasks import TaskFilter

_DIGITS = 32
_EARLIEST = datetime(1, 1, 2, tzinfo=UTC)
"""A bound has to have something before it."""
_FILTERS = ("status", "queue", "command", "worker", "scheduled_from", "scheduled_to")


def listed(asked: Listing) -> TaskFilter:
    """Raises Refused 422 when no task can have both this status and this state."""
    states = _states(asked.status)
    if asked.state is not UNSET:
        state = State[asked.state.upper()]
        if states and state not in states:
            raise Refused(
                HTTPStatus.UNPROCESSABLE_ENTITY, f"state: no task that is {asked.state} has the status {asked.status}"
            )
        states = (state,)
    return TaskFilter(states, _given(asked.queue), _given(asked.command), _given(asked.worker), *_bounds(asked))


def selected(asked: CancelWhere | RetryWhere, any_of: frozenset[State]) -> Selection:
    """`any_of`: the states meant when no status is given. Raises Refused 422 when nothing is given at all."""
    if all(getattr(asked, name) is UNSET for name in _FILTERS):
        filters = ", ".join(_FILTERS)
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, f"say which tasks: give task_ids, or at least one of {filters}")
    states = _states(asked.status) or tuple(sorted(any_of))
    return Selection((), states, _given(asked.queue), _given(asked.command), _given(asked.worker), *_bounds(asked))


def digits(asked: Listing) -> str | None:
    """What the ids begin with that are asked for, if that is so. Raises Refused 422 when anything else is, too."""
    if asked.id is UNSET:
        return None
    others = [name for name in (*_FILTERS, "state", "cursor") if getattr(asked, name) is not UNSET]
    if others or asked.sort != "scheduled_at":
        raise Refused(
            HTTPStatus.UNPROCESSABLE_ENTITY, f"id: goes with limit alone; leave out {', '.join(others or ['sort'])}"
        )
    found = asked.id.replace("-", "").lower()
    if len(found) > _DIGITS:
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, f"id: has {_DIGITS} digits at most")
    return found


def _bounds(asked: Listing | CancelWhere | RetryWhere) -> tuple[datetime | None, datetime | None]:
    since, before = _bound(asked.scheduled_from, "scheduled_from"), _bound(asked.scheduled_to, "scheduled_to")
    if since is not None and before is not None and before <= since:
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, "scheduled_to must be later than scheduled_from")
    return since, before


def _bound(value: str | UnsetType, name: str) -> datetime | None:
    return None if value is UNSET else max(_EARLIEST, instant(value, name))


def _states(status: str | UnsetType) -> tuple[State, ...]:
    if status is UNSET:
        return ()
    return states_of(Status(status)) if status.isupper() else (State[status.upper()],)


def _given(value: str | UnsetType) -> str | None:
    return None if value is UNSET else value
