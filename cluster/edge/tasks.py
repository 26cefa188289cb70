"""The routes of tasks: schedule one or many, look at one, list them."""

from http import HTTPStatus

from msgspec import UNSET

from cluster.core.errors import NotFound
from cluster.edge import cursor
from cluster.edge.answer import Answer, told
from cluster.edge.asked import new_task, new_tasks
from cluster.edge.filters import digits, listed
from cluster.edge.operation import Operation
from cluster.edge.overview import WhyView
from cluster.edge.payloads import Copies, Listing, ManyTasks, OneTask, Schedule, Several
from cluster.edge.views import BatchView, PageView, ScheduledView, TasksView, TaskView
from cluster.edge.why import why
from cluster.store.clock import DatabaseClock
from cluster.store.group_commit import GroupCommit
from cluster.store.outlook import outlook
from cluster.store.pool import Pool, connected
from cluster.store.tasks import get_task, get_tasks, list_tasks, tasks_beginning

_OK, _CREATED = HTTPStatus.OK, HTTPStatus.CREATED
_NOT_FOUND = frozenset({HTTPStatus.NOT_FOUND})


class Tasks:
    """State: none."""

    def __init__(self, pool: Pool, clock: DatabaseClock, group_commit: GroupCommit) -> None:
        self._pool = pool
        self._clock = clock
        self._group_commit = group_commit

    def operations(self) -> list[Operation]:
        """Its routes."""
        schedules = {_CREATED: ScheduledView, _OK: ScheduledView}
        return [
            Operation(
                "POST", "/api/schedule", "Schedule a task", self.schedule, schedules, (Schedule,), ("/schedule",),
                "Answered after COMMIT. The same task_id, or a unique_key that an unfinished task has, again: 200 with "
                "the first task.",
            ),
            Operation(
                "POST", "/api/schedule/batch", "Schedule many tasks, all or none", self.schedule_batch,
                {_CREATED: BatchView, _OK: BatchView}, (Several, Copies),
                description="200 when every task was there already.",
            ),
            Operation(
                "GET", "/api/status", "One task", self.status, {_OK: TaskView}, (OneTask,), ("/status",),
                refusals=_NOT_FOUND,
            ),
            Operation(
                "POST", "/api/status/batch", "Many tasks", self.status_batch, {_OK: TasksView}, (ManyTasks,),
                changes=False,
                description="For whoever waits for many tasks. Ids that are not known are left out. 413: they are "
                "larger than 4 MiB together; ask for fewer ids.",
            ),
            Operation("GET", "/api/tasks", "Tasks by scheduled_at", self.list, {_OK: PageView}, (Listing,)),
            Operation(
                "GET", "/api/tasks/{task_id}", "One task", self.status, {_OK: TaskView}, (OneTask,), refusals=_NOT_FOUND
            ),
            Operation(
                "GET", "/api/tasks/{task_id}/why", "Why a task is not running", self.why, {_OK: WhyView}, (OneTask,),
                refusals=_NOT_FOUND, description="One plain answer, and what to do.",
            ),
        ]  # fmt: skip

    async def schedule(self, asked: Schedule) -> Answer:
        [task] = await self._group_commit.enqueue([new_task(asked, self._clock.now_us)])
        return told(ScheduledView.of(task), _CREATED if task.created else _OK)

    async def schedule_batch(self, asked: Copies | Several) -> Answer:
        tasks = await self._group_commit.enqueue(new_tasks(asked, self._clock.now_us))
        created = any(task.created for task in tasks)
        return told(BatchView(len(tasks), [task.id for task in tasks]), _CREATED if created else _OK)

    async def status(self, asked: OneTask) -> Answer:
        async with connected(self._pool) as connection:
            row = await get_task(connection, asked.task_id)
        if row is None:
            raise _unknown(asked)
        return told(TaskView.of(row))

    async def why(self, asked: OneTask) -> Answer:
        async with connected(self._pool) as connection:
            row = await get_task(connection, asked.task_id)
            if row is None:
                raise _unknown(asked)
            return told(why(row, await outlook(connection, row)))

    async def status_batch(self, asked: ManyTasks) -> Answer:
        async with connected(self._pool) as connection:
            rows = await get_tasks(connection, asked.task_ids)
        return told(TasksView([TaskView.of(row) for row in rows]))

    async def list(self, asked: Listing) -> Answer:
        if (beginning := digits(asked)) is not None:
            async with connected(self._pool) as connection:
                rows = await tasks_beginning(connection, beginning, asked.limit)
            return told(PageView([TaskView.listed(row) for row in rows], None))
        which, newest = listed(asked), asked.sort == "-scheduled_at"
        belongs_to = f"{which!r} {asked.sort}"
        after = cursor.read(asked.cursor, belongs_to) if asked.cursor is not UNSET else None
        async with connected(self._pool) as connection:
            page = await list_tasks(connection, which, asked.limit, after, newest=newest)
        following = cursor.written(page.following, belongs_to) if page.following else None
        return told(PageView([TaskView.listed(row) for row in page.tasks], following))


def _unknown(asked: OneTask) -> NotFound:
    return NotFound(f"there is no task {asked.task_id}; finished ones are kept for a limited time")
