"""A window of the past as columns, from the totals that the leader noted: pure."""

from collections.abc import Callable, Sequence
from itertools import pairwise

from cluster.edge.overview import HistoryView, Numbers
from cluster.store.samples import SampleRow

STEPS = {60: 2, 900: 6, 86400: 600}
"""Seconds of a step for each window: never shorter than the leader's, never more than 150 of them."""


def history(window: int, rows: Sequence[SampleRow]) -> HistoryView:
    """`rows`: one more than there are steps, oldest first."""
    step, pairs = STEPS[window], list(pairwise(rows))

    def rate(total: Callable[[SampleRow], int | None]) -> Numbers:
        return [_rate(total(before), total(after), step) for before, after in pairs]

    return HistoryView(
        window=window,
        step=step,
        at=[after.at for _, after in pairs],
        completed=rate(lambda row: row.completed),
        failed=rate(lambda row: row.failed),
        enqueued=rate(_enqueued),
        pending=[after.pending for _, after in pairs],
        running=[after.running for _, after in pairs],
        latency_p50=[_rounded(after.wait_p50) for _, after in pairs],
        latency_p95=[_rounded(after.wait_p95) for _, after in pairs],
    )


def _enqueued(row: SampleRow) -> int | None:
    """Every task there ever was: wherever it is by now, it is counted once."""
    counted = (row.pending, row.running, row.completed, row.failed, row.cancelled)
    return None if row.pending is None else sum(count or 0 for count in counted)


def _rate(before: int | None, after: int | None, step: float) -> float | None:
    # What is run again by hand is taken off what failed.
    return None if before is None or after is None else max(0, after - before) / step


def _rounded(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else round(milliseconds, 2)
