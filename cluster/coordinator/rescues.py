"""What became of the tasks of lost workers, for those who watch: ready again, to be run alone, or in quarantine."""

from collections.abc import Callable, Sequence

from cluster.coordinator.feed import Feed, TaskNews
from cluster.core.events import EventName
from cluster.core.task import State
from cluster.runtime import telemetry
from cluster.store.sessions import Rescued


class Rescues:
    """State: `isolated`, which is called when tasks came back that have to run alone."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self.isolated: Callable[[], None] = lambda: None

    def tell(self, rescued: Sequence[Rescued]) -> None:
        """These tasks were held by sessions that have ended."""
        if not rescued:
            return
        isolated = [row for row in rescued if row.state is State.ISOLATED]
        quarantined = [row for row in rescued if row.state is State.QUARANTINED]
        ready = [row for row in rescued if row.state in {State.READY, State.PAUSED}]
        telemetry.emit("tasks_rescued", level="warning", count=len(ready) + len(isolated), tasks=len(rescued))
        self._feed.tell_tasks(EventName.TASK_RESCUED, ready, _rescued_news, level="warning")
        self._feed.tell_tasks(EventName.TASK_ISOLATED, isolated, _isolated_news, level="warning")
        self._feed.tell_tasks(EventName.TASK_QUARANTINED, quarantined, _quarantined_news, level="error")
        if quarantined:
            telemetry.emit("tasks_quarantined", level="error", count=len(quarantined), tasks=len(quarantined))
        if isolated:
            self.isolated()


def _rescued_news(row: Rescued) -> TaskNews:
    return TaskNews(str(row.task_id), row.worker_id, f"{row.command} rescued from {row.worker_id}")


def _isolated_news(row: Rescued) -> TaskNews:
    msg = f"{row.command} rescued from {row.worker_id}; its workers crashed twice, so it will run alone"
    return TaskNews(str(row.task_id), row.worker_id, msg)


def _quarantined_news(row: Rescued) -> TaskNews:
    msg = (
        f"{row.command} is in quarantine: {row.worker_id} crashed while it ran it alone, as two others had before; "
        "only a retry by hand runs it again"
    )
    return TaskNews(str(row.task_id), row.worker_id, msg)
