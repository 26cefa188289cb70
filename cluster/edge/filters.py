"""The filters of a request, as the store takes them."""

from http import HTTPStatus

from msgspec import UNSET, UnsetType

from cluster.core.task import State, Status, states_of
from cluster.edge.payloads import CancelWhere, Listing, RetryWhere
from cluster.edge.problems import Refused
from cluster.store.steering import Selection
from cluster.store.tasks import TaskFilter

_FILTERS = ("status", "queue", "command", "worker")


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
    return TaskFilter(states, _given(asked.queue), _given(asked.command), _given(asked.worker))


def selected(asked: CancelWhere | RetryWhere, any_of: frozenset[State]) -> Selection:
    """`any_of`: the states meant when no status is given. Raises Refused 422 when nothing is given at all."""
    if all(getattr(asked, name) is UNSET for name in _FILTERS):
        filters = ", ".join(_FILTERS)
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, f"say which tasks: give task_ids, or at least one of {filters}")
    states = _states(asked.status) or tuple(sorted(any_of))
    return Selection((), states, _given(asked.queue), _given(asked.command), _given(asked.worker))


def _states(status: str | UnsetType) -> tuple[State, ...]:
    if status is UNSET:
        return ()
    return states_of(Status(status)) if status.isupper() else (State[status.upper()],)


def _given(value: str | UnsetType) -> str | None:
    return None if value is UNSET else value
