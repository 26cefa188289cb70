"""What the activity log says of leases and their outcomes."""

from cluster.coordinator.feed import TaskNews
from cluster.coordinator.reports import LeaseOutcome, Start
from cluster.coordinator.session import HeldLease, WorkerSession
from cluster.core.events import EventName
from cluster.core.outcome import Finish, GiveBack, Settlement, TryAgain
from cluster.core.task import State
from cluster.runtime.ids import id_text
from cluster.store.leases import Late


def event_of(settlement: Settlement) -> tuple[EventName, str]:
    """The event and its level."""
    match settlement:
        case Finish(State.COMPLETE):
            return EventName.TASK_COMPLETED, "info"
        case Finish(State.CANCELLED):
            return EventName.TASK_CANCELLED, "warning"
        case Finish():
            return EventName.TASK_FAILED, "error"
        case TryAgain():
            return EventName.TASK_RETRIED, "warning"
        case GiveBack():
            return EventName.TASK_RELEASED, "info"


def assigned_news(session: WorkerSession, lease: HeldLease) -> TaskNews:
    return TaskNews(id_text(lease.key), session.worker_id, f"{lease.command} assigned to {session.name}")


def start_news(session: WorkerSession, start: Start) -> TaskNews:
    return _started(session, start.lease, start.us_ago)


def begun_news(session: WorkerSession, item: LeaseOutcome) -> TaskNews:
    """Of a task that ended before it was told that it had started."""
    return _started(session, item.lease, item.started_us_ago or 0)


def late_news(late: Late) -> TaskNews:
    msg = f"A report that came too late was refused, the lease had ended: {_gist(late.note)}"
    return TaskNews(str(late.held.task_id), late.worker_id, msg)


def outcome_news(session: WorkerSession, item: LeaseOutcome) -> TaskNews:
    """How a lease ended."""
    lease = item.lease
    where = f"{lease.command} on {session.name}"
    match item.settlement:
        case Finish(State.COMPLETE):
            msg = f"{lease.command} completed on {session.name}"
        case Finish(State.CANCELLED, error=reason):
            msg = f"{where} was cancelled: {_gist(reason)}"
        case Finish(error=error):
            msg = f"{where} failed: {_gist(error)}"
        case TryAgain(delay, error):
            tries = f"attempt {lease.attempt} of {lease.max_attempts}"
            msg = f"{where} failed, {tries}, again in {delay:.1f} s: {_gist(error)}"
        case GiveBack():
            msg = f"{lease.command} given back by {session.name}"
    return TaskNews(id_text(lease.key), session.worker_id, msg, item.finished_us_ago)


def _started(session: WorkerSession, lease: HeldLease, us_ago: int) -> TaskNews:
    return TaskNews(id_text(lease.key), session.worker_id, f"{lease.command} started on {session.name}", us_ago)


def _gist(error: str | None) -> str:
    """The last line of a traceback says most."""
    lines = (error or "").strip().splitlines() or ["no reason given"]
    return lines[-1][:200]
