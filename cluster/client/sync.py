"""The client for programs without an event loop."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Self, TypeVar, Unpack
from uuid import UUID

import httpx

from cluster.client import calls, posting, problems, stream
from cluster.client.answers import (
    Change,
    Changes,
    Command,
    LogEvent,
    Pause,
    Queue,
    Scheduled,
    Stats,
    Task,
    Why,
    Worker,
)
from cluster.client.calls import Call, Which
from cluster.client.watchlist import Watchlist
from cluster.core.errors import EdgeUnavailable, PayloadTooLarge
from cluster.core.limits import LIST_ROWS_MAX
from cluster.core.new_task import NewTask

T = TypeVar("T")


class Client:
    """Talks to the edge at `url`; may be shared by threads. State: the connections that httpx keeps.

    Every method raises EdgeUnavailable, StoreUnavailable, or what the edge refused (InvalidTask, NotFound, …).
    """

    def __init__(self, url: str = "http://127.0.0.1:8081", *, timeout: float = 30.0) -> None:
        self._url = problems.checked_url(url)
        self._http = httpx.Client(base_url=self._url, timeout=timeout, trust_env=problems.through_proxy(self._url))

    def __repr__(self) -> str:
        return f"<Client {self._url}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def schedule(
        self, command: str, payload: Mapping[str, object] | None = None, **options: Unpack[posting.Options]
    ) -> Scheduled:
        """Post one task; returns after its COMMIT. See `new_task` for the options."""
        return self.send(calls.schedule(posting.new_task(command, payload, **options)))

    def schedule_many(self, tasks: Iterable[NewTask], posted: Callable[[list[UUID]], None] | None = None) -> list[UUID]:
        """Post tasks made by `new_task`, up to 1,000 in a request, each request all or nothing.

        Returns their ids in the order given; `posted` is called with the ids of each request as it is committed.
        """
        task_ids: list[UUID] = []
        for batch in posting.batches(tasks):
            committed = self.send(calls.schedule_many(batch)).task_ids
            task_ids += committed
            if posted:
                posted(committed)
        return task_ids

    def status(self, task_id: UUID | str) -> Task:
        return self.send(calls.status(task_id))

    def tasks(self, *, page_size: int = LIST_ROWS_MAX, newest: bool = False, **which: Unpack[Which]) -> Iterator[Task]:
        """Tasks in the order of their scheduled_at, or the newest first, fetched page by page as they are consumed."""
        cursor: str | None = None
        while True:
            page = self.send(calls.tasks(which, page_size, cursor, newest=newest))
            yield from page.tasks
            cursor = page.next_cursor
            if cursor is None:
                return

    def why(self, task_id: UUID | str) -> Why:
        """Why a task is not running: one plain answer. NotFound if nobody knows it."""
        return self.send(calls.why(task_id))

    def queues(self) -> list[Queue]:
        """Those that are paused or have tasks."""
        return self.send(calls.queues())

    def pause(self, queue: str) -> Pause:
        """Let no task of this queue begin; what runs goes on. Twice does no harm."""
        return self.send(calls.pause(queue))

    def resume(self, queue: str) -> Pause:
        """Let the tasks of this queue begin again. Twice does no harm."""
        return self.send(calls.resume(queue))

    def commands(self) -> list[Command]:
        """What the workers offer, with the parameters of each command."""
        return self.send(calls.commands())

    def cancel(self, task_id: UUID | str) -> Change:
        """Call off one task, whatever it does; twice does no harm. WrongState if it has ended otherwise."""
        return self.send(calls.cancel(task_id))

    def retry(self, task_id: UUID | str) -> Change:
        """Run one task again that failed, was cancelled or is in quarantine; twice does no harm.

        WrongState if it is complete, or if a live task holds its unique_key.
        """
        return self.send(calls.retry(task_id))

    def cancel_tasks(
        self,
        task_ids: Iterable[UUID | str] | None = None,
        *,
        limit: int | None = None,
        dry_run: bool = False,
        **which: Unpack[Which],
    ) -> Changes:
        """Call off many tasks: these, or those that fit all filters given, at most 10,000 either way.

        `dry_run`: change nothing, and say what would be changed.
        """
        return self.send(calls.cancel_tasks(task_ids, limit, which, dry_run=dry_run))

    def retry_tasks(
        self,
        task_ids: Iterable[UUID | str] | None = None,
        *,
        limit: int | None = None,
        dry_run: bool = False,
        **which: Unpack[Which],
    ) -> Changes:
        """Run many tasks again: these, or those that fit all filters given, at most 10,000 either way.

        Without a status, what was cancelled is meant, too. `dry_run`: change nothing, and say what would be changed.
        """
        return self.send(calls.retry_tasks(task_ids, limit, which, dry_run=dry_run))

    def stats(self) -> Stats:
        return self.send(calls.stats())

    def workers(self) -> list[Worker]:
        return self.send(calls.workers())

    def scale(self, count: int) -> None:
        """Ask for this many workers; the supervisor makes it so."""
        self.send(calls.scale(count))

    def kill(self, name: str) -> None:
        """Kill one worker as by SIGKILL; its tasks are rescued. NotFound if there is none of that name."""
        self.send(calls.kill(name))

    def drain(self, name: str) -> None:
        """Let one worker finish what runs and end; another takes its place. NotFound if there is none of that name."""
        self.send(calls.drain(name))

    def logs(self) -> list[LogEvent]:
        """The last events, oldest first."""
        return self.send(calls.logs())

    def events(self, after: str | None = None) -> Iterator[LogEvent]:
        """The last events, or those after the event with id `after`, then live ones without end.

        A connection that breaks is taken up after the last event told. EdgeUnavailable: the edge stays away.
        """
        follower = stream.Follower(self._url, after)
        while True:
            try:
                yield from self._stream(follower)
            except (httpx.TransportError, *problems.PASSING) as error:
                time.sleep(follower.lost(error))

    def wait(
        self,
        task_ids: Iterable[UUID | str],
        progress: Callable[[Task], None] | None = None,
        unfinished: Callable[[Task], None] | None = None,
    ) -> list[Task]:
        """Wait until all these tasks are finished; returns them in the order given.

        `progress` is called with each task that is seen to be finished, in the order seen; `unfinished` with each that
        is not, as often as it is looked at.
        """
        watchlist = Watchlist(task_ids)
        while not watchlist.done:
            asked = watchlist.group()
            try:
                tasks = self.send(calls.statuses(asked))
            except PayloadTooLarge:
                if watchlist.asks_less(asked):
                    continue
                raise
            finished, pause = watchlist.saw(asked, tasks)
            if progress:
                for task in finished:
                    progress(task)
            if unfinished:
                for task in tasks:
                    if not task.finished:
                        unfinished(task)
            time.sleep(0 if watchlist.done else pause)
        return watchlist.finished

    def send(self, call: Call[T]) -> T:
        """Carry out one call; a repeatable one is tried again when the connection breaks or PostgreSQL is away."""
        for pause in problems.REPEAT_AFTER if call.repeatable else ():
            try:
                return self._once(call)
            except problems.PASSING:
                time.sleep(pause)
        return self._once(call)

    def _once(self, call: Call[T]) -> T:
        try:
            response = self._http.request(
                call.method, call.path, params=call.params, content=call.body, headers=call.headers
            )
        except httpx.TransportError as error:
            raise problems.unreachable(self._url, error) from error
        return call.answer(response)

    def _stream(self, follower: stream.Follower) -> Iterator[LogEvent]:
        timeout = httpx.Timeout(stream.SILENCE, connect=5.0)
        with self._http.stream("GET", stream.PATH, headers=follower.headers(), timeout=timeout) as response:
            if not response.is_success:
                raise problems.problem(response.status_code, response.read())
            for chunk in response.iter_bytes():
                yield from follower.feed(chunk)
        raise EdgeUnavailable
