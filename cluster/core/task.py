"""The life of a task: its states, which may follow which, and what people call them.

scheduled → ready → leased → running → complete | failed | cancelled | dead

Back again: running → ready | scheduled (retry), leased | running → ready (release, rescue), leased → parked → ready.
"""

from enum import IntEnum, StrEnum


class State(IntEnum):
    """What PostgreSQL stores (`smallint`). Unfinished states live in `tasks`, final ones in `task_history`."""

    SCHEDULED = 0
    READY = 1
    LEASED = 2
    RUNNING = 3
    PARKED = 4
    COMPLETE = 10
    FAILED = 11
    CANCELLED = 12
    DEAD = 13


class Status(StrEnum):
    """What people see in the API."""

    QUEUED = "QUEUED"
    STARTED = "STARTED"
    COMPLETE = "COMPLETE"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


FINAL = frozenset({State.COMPLETE, State.FAILED, State.CANCELLED, State.DEAD})
HELD = frozenset({State.LEASED, State.RUNNING})

TRANSITIONS: dict[State, frozenset[State]] = {
    State.SCHEDULED: frozenset({State.READY, State.CANCELLED}),
    State.READY: frozenset({State.LEASED, State.CANCELLED}),
    State.LEASED: frozenset({State.RUNNING, State.READY, State.SCHEDULED, State.PARKED}) | FINAL,
    State.RUNNING: frozenset({State.READY, State.SCHEDULED}) | FINAL,
    State.PARKED: frozenset({State.READY, State.CANCELLED}),
    State.COMPLETE: frozenset(),
    State.FAILED: frozenset(),
    State.CANCELLED: frozenset(),
    State.DEAD: frozenset(),
}

_STATUS = {
    State.SCHEDULED: Status.QUEUED,
    State.READY: Status.QUEUED,
    State.LEASED: Status.QUEUED,
    State.PARKED: Status.QUEUED,
    State.RUNNING: Status.STARTED,
    State.COMPLETE: Status.COMPLETE,
    State.FAILED: Status.FAILED,
    State.DEAD: Status.FAILED,
    State.CANCELLED: Status.CANCELLED,
}


def status_of(state: State) -> Status:
    """The public status of a state; `FAILED` covers failed and dead."""
    return _STATUS[state]


def states_of(status: Status) -> tuple[State, ...]:
    """Every state that people see as this status, in the order of the life of a task."""
    return tuple(state for state, shown in sorted(_STATUS.items()) if shown is status)


def may_follow(before: State, after: State) -> bool:
    """Whether a task may go from one state straight to the other."""
    return after in TRANSITIONS[before]
