"""A task runs at its time: never before, and hardly after."""

from datetime import UTC, datetime, timedelta
from statistics import median

from tests.acceptance.cluster import Json, RunningCluster

AHEAD = 3.0
"""Seconds."""


def lateness_ms(task: Json) -> float:
    """By the database clock: both moments are columns."""
    due, started = (datetime.fromisoformat(task[name]) for name in ("scheduled_at", "started_at"))
    return (started - due) / timedelta(milliseconds=1)


async def test_a_task_scheduled_ahead_starts_within_50_ms_after_its_time_and_never_before(
    shared: RunningCluster,
) -> None:
    await shared.idle()
    # A few, each at a moment of its own: one alone could be lucky.
    first = datetime.now(UTC) + timedelta(seconds=AHEAD)
    moments = [first + timedelta(milliseconds=137 * n) for n in range(8)]
    task_ids = [shared.enqueue("noop", scheduled_at=moment.isoformat()) for moment in moments]
    assert {task["status"] for task in shared.these(task_ids)} == {"QUEUED"}

    late = [lateness_ms(task) for task in await shared.finished(task_ids)]

    assert min(late) >= 0, f"started before its time: {late}"
    # The median: a single one may meet a busy moment of the test machine.
    assert median(late) <= 50, late
