"""The life of a task: its states, which may follow which, and what people call them.

scheduled → ready → leased → running → complete | failed | cancelled | dead | quarantined

Back again: running → scheduled (retry), leased | running → ready (release, rescue), leased → parked → ready. A task
that a worker held when it crashed, twice, is isolated instead of ready: it runs alone. The third crash quarantines it.
In a queue that is paused a task is paused instead of ready.
Whatever is unfinished can be cancelled; what ended without success can be retried by hand, and is ready again.
"""

from enum import IntEnum, StrEnum


class State(IntEnum):
    """What PostgreSQL stores (`smallint`). Unfinished states live in `tasks`, final ones in `task_history`."""

    SCHEDULED = 0
    READY = 1
    LEASED = 2
    RUNNING = 3
    PARKED = 4
    ISOLATED = 5
    PAUSED = 6
    COMPLETE = 10
    FAILED = 11
    CANCELLED = 12
    DEAD = 13
    QUARANTINED = 14


class Status(StrEnum):
    """What people see in the API."""

    QUEUED = "QUEUED"
    STARTED = "STARTED"
    COMPLETE = "COMPLETE"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


FINAL = frozenset({State.COMPLETE, State.FAILED, State.CANCELLED, State.DEAD, State.QUARANTINED})
HELD = frozenset({State.LEASED, State.RUNNING})
UNSUCCESSFUL = FINAL - {State.COMPLETE}
"""What a person may run again."""

ISOLATE_FROM, QUARANTINE_AT = 2, 3
"""Crashes of its worker after which a task runs alone, and after which it runs no more; ready_state() in the schema."""

_READY = frozenset({State.READY, State.ISOLATED, State.PAUSED})
"""What a task is whose turn may come; which of them depends on its crashes and on its queue."""
_WAITING = _READY | {State.SCHEDULED}
_AGAIN = frozenset({State.READY, State.PAUSED})

TRANSITIONS: dict[State, frozenset[State]] = {
    State.SCHEDULED: _READY | {State.CANCELLED},
    State.READY: frozenset({State.LEASED, State.PAUSED, State.CANCELLED}),
    State.ISOLATED: frozenset({State.LEASED, State.PAUSED, State.CANCELLED}),
    State.LEASED: frozenset({State.RUNNING, State.PARKED}) | _WAITING | FINAL,
    State.RUNNING: _WAITING | FINAL,
    State.PARKED: _READY | {State.CANCELLED},
    State.PAUSED: frozenset({State.READY, State.ISOLATED, State.CANCELLED}),
    State.COMPLETE: frozenset(),
    State.FAILED: _AGAIN,
    State.CANCELLED: _AGAIN,
    State.DEAD: _AGAIN,
    State.QUARANTINED: _AGAIN,
}

_STATUS = {
    State.SCHEDULED: Status.QUEUED,
    State.READY: Status.QUEUED,
    State.LEASED: Status.QUEUED,
    State.PARKED: Status.QUEUED,
    State.ISOLATED: Status.QUEUED,
    State.PAUSED: Status.QUEUED,
    State.RUNNING: Status.STARTED,
    State.COMPLETE: Status.COMPLETE,
    State.FAILED: Status.FAILED,
    State.DEAD: Status.FAILED,
    State.QUARANTINED: Status.FAILED,
    State.CANCELLED: Status.CANCELLED,
}


def status_of(state: State) -> Status:
    """The public status of a state; `FAILED` covers failed, dead and quarantined."""
    return _STATUS[state]


def states_of(status: Status) -> tuple[State, ...]:
    """Every state that people see as this status, in the order of the life of a task."""
    return tuple(state for state, shown in sorted(_STATUS.items()) if shown is status)


def may_follow(before: State, after: State) -> bool:
    """Whether a task may go from one state straight to the other."""
    return after in TRANSITIONS[before]
