"""Why a task is not running: one plain answer, decided from what the store says of it. Pure.

The order of the questions is the order of the gates on its way: has it ended, does somebody hold it, is it put aside,
has its time come, is its queue paused, does anybody know its command, is there room, and only then whose turn it is.
"""

from collections.abc import Callable
from datetime import datetime

import msgspec

from cluster.core.task import State, status_of
from cluster.edge.overview import Reason, WhyView
from cluster.store.outlook import LOOKS, Outlook
from cluster.store.tasks import TaskRow


def why(task: TaskRow, outlook: Outlook) -> WhyView:
    """`outlook`: of this task, in vain if it has ended."""
    return _ANSWERS[task.state](task, outlook)


def _answer(
    task: TaskRow,
    reason: Reason,
    summary: str,
    advice: str | None = None,
    *,
    until: datetime | None = None,
    ahead: int | None = None,
    outlook: Outlook | None = None,
) -> WhyView:
    return WhyView(
        task_id=task.id,
        status=status_of(task.state),
        state=task.state.name.lower(),
        reason=reason,
        summary=summary,
        advice=advice,
        until=until,
        ahead=ahead,
        ahead_at_least=ahead is not None and ahead >= LOOKS,
        workers=outlook.offering if outlook else None,
        slots=outlook.slots if outlook else None,
        busy=outlook.busy if outlook else None,
    )


def _scheduled(task: TaskRow, outlook: Outlook) -> WhyView:
    if task.scheduled_at <= outlook.now:
        return _soon(task, outlook, "It is due now and is made ready within a moment.")
    if task.attempts and _last_outcome(task.attempts) == "failed":
        said = f"Attempt {task.attempt} failed; it is tried again at {_told(task.scheduled_at)}."
        return _answer(task, "waiting_for_retry", said, "Its attempts say how it failed.", until=task.scheduled_at)
    return _answer(task, "due_later", f"It is not due until {_told(task.scheduled_at)}.", until=task.scheduled_at)


def _ready(task: TaskRow, outlook: Outlook) -> WhyView:
    if outlook.paused_at is not None:
        return _paused(task, outlook)
    if outlook.offering == 0:
        return _unknown(task, outlook)
    if outlook.busy >= outlook.slots:
        said = f"All {_counted(outlook.slots, 'slot')} of the {_counted(outlook.offering, 'worker')} that know"
        said = f"{said}{'s' if outlook.offering == 1 else ''} {task.command} are busy; {_before(outlook.ahead)}."
        advice = "Start more workers, or give it a higher priority the next time."
        return _answer(task, "slots_busy", said, advice, ahead=outlook.ahead, outlook=outlook)
    said = f"It is ready and there is room for it; {_before(outlook.ahead)}. It runs within a moment."
    return _answer(task, "about_to_run", said, ahead=outlook.ahead, outlook=outlook)


def _soon(task: TaskRow, outlook: Outlook, said: str) -> WhyView:
    """The leader makes it ready, if there is one and the queue is not paused."""
    if outlook.paused_at is not None:
        return _paused(task, outlook)
    return _answer(task, "about_to_run", said) if outlook.led else _unled(task, outlook)


def _unled(task: TaskRow, outlook: Outlook) -> WhyView:
    said = "No coordinator leads, so no task is made ready and no worker is known to be online."
    advice = "See whether a coordinator runs, and whether PostgreSQL takes writes: `taskmaster doctor`."
    return _answer(task, "no_worker", said, advice, outlook=outlook)


def _unknown(task: TaskRow, outlook: Outlook) -> WhyView:
    if outlook.workers == 0 and not outlook.led:
        return _unled(task, outlook)
    if outlook.workers == 0:
        advice = "Start workers: `taskmaster scale 3`, or `taskmaster up`."
        return _answer(task, "no_worker", "No worker is online that takes tasks.", advice, outlook=outlook)
    said = f"None of the {_counted(outlook.workers, 'worker')} online knows the command {task.command}."
    if outlook.workers == 1:
        said = f"The one worker that is online does not know the command {task.command}."
    return _answer(task, "no_worker", said, _teach(task), outlook=outlook)


def _parked(task: TaskRow, outlook: Outlook) -> WhyView:
    if outlook.offering:
        return _soon(task, outlook, "A worker that knows its command has come; it is ready within a moment.")
    said = f"It is parked: no worker online knows the command {task.command}."
    return _answer(task, "parked", said, _teach(task), outlook=outlook)


def _isolated(task: TaskRow, outlook: Outlook) -> WhyView:
    if outlook.paused_at is not None:
        return _paused(task, outlook)
    if outlook.offering == 0:
        return _unknown(task, outlook)
    said = (
        f"{task.crash_count} workers crashed while they held it, so it runs alone: a worker is reserved for it "
        "and has to become empty first."
    )
    return _answer(
        task, "isolated", said, "Look into its attempts: one more crash puts it in quarantine.", outlook=outlook
    )


def _paused(task: TaskRow, outlook: Outlook) -> WhyView:
    if outlook.paused_at is None:
        return _soon(task, outlook, f"The queue {task.queue} has just been resumed; it is ready within a moment.")
    said = f"The queue {task.queue} has been paused since {_told(outlook.paused_at)}."
    return _answer(task, "queue_paused", said, f"Resume it: `taskmaster resume {task.queue}`.")


def _leased(task: TaskRow, _outlook: Outlook) -> WhyView:
    said = (
        f"It was given to {task.worker_id} at {_told(task.picked_at)}, which begins it as soon as it has a free slot."
    )
    return _answer(task, "about_to_run", said)


def _running(task: TaskRow, _outlook: Outlook) -> WhyView:
    return _answer(task, "running", f"It has been running on {task.worker_id} since {_told(task.started_at)}.")


def _complete(task: TaskRow, _outlook: Outlook) -> WhyView:
    return _answer(task, "finished", f"It completed at {_told(task.finished_at)}.")


def _failed(task: TaskRow, _outlook: Outlook) -> WhyView:
    return _answer(task, "failed", f"It failed for good at {_told(task.finished_at)}.", _RETRY)


def _cancelled(task: TaskRow, _outlook: Outlook) -> WhyView:
    return _answer(task, "cancelled", f"It was cancelled at {_told(task.finished_at)}.", _RETRY)


def _dead(task: TaskRow, _outlook: Outlook) -> WhyView:
    said = f"Its last attempt, number {task.attempt}, failed at {_told(task.finished_at)}."
    return _answer(task, "dead", said, _RETRY)


def _quarantined(task: TaskRow, _outlook: Outlook) -> WhyView:
    said = (
        f"It is in quarantine: {task.crash_count} workers crashed while they held it, the last one when it ran alone."
    )
    return _answer(task, "quarantined", said, f"Find out what it does to them first. {_RETRY}")


_RETRY = "Run it again by hand: POST /api/tasks/{task_id}/retry, or `taskmaster retry`."
_ANSWERS: dict[State, Callable[[TaskRow, Outlook], WhyView]] = {
    State.SCHEDULED: _scheduled,
    State.READY: _ready,
    State.LEASED: _leased,
    State.RUNNING: _running,
    State.PARKED: _parked,
    State.ISOLATED: _isolated,
    State.PAUSED: _paused,
    State.COMPLETE: _complete,
    State.FAILED: _failed,
    State.CANCELLED: _cancelled,
    State.DEAD: _dead,
    State.QUARANTINED: _quarantined,
}


class _Outcome(msgspec.Struct):
    outcome: str


_read_outcomes = msgspec.json.Decoder(list[_Outcome]).decode


def _last_outcome(attempts: bytes) -> str:
    return _read_outcomes(attempts)[-1].outcome


def _teach(task: TaskRow) -> str:
    return f"Start a worker that registers {task.command} (TASKMASTER_TASKS names its module), or cancel the task."


def _before(ahead: int) -> str:
    if ahead == 0:
        return "no other task is before it"
    return f"{'at least ' if ahead >= LOOKS else ''}{_counted(ahead, 'task')} {'is' if ahead == 1 else 'are'} before it"


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _told(instant: datetime | None) -> str:
    return "some time" if instant is None else f"{instant:%Y-%m-%d %H:%M:%S} UTC"
