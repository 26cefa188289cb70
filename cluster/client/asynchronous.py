"""The client for programs with an event loop."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
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


class AsyncClient:
    """Talks to the edge at `url`; may be shared by tasks of one event loop. State: the connections that httpx keeps.

    Every method raises EdgeUnavailable, StoreUnavailable, or what the edge refused (InvalidTask, NotFound, …).
    """

    def __init__(self, url: str = "http://127.0.0.1:8081", *, timeout: float = 30.0) -> None:
        self._url = problems.checked_url(url)
        self._http = httpx.AsyncClient(base_url=self._url, timeout=timeout, trust_env=problems.through_proxy(self._url))

    def __repr__(self) -> str:
        return f"<AsyncClient {self._url}>"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.aclose()

    async def schedule(
        self, command: str, payload: Mapping[str, object] | None = None, **options: Unpack[posting.Options]
    ) -> Scheduled:
        """Post one task; returns after its COMMIT. See `new_task` for the options."""
        return await self.send(calls.schedule(posting.new_task(command, payload, **options)))

    async def schedule_many(
        self, tasks: Iterable[NewTask], posted: Callable[[list[UUID]], None] | None = None
    ) -> list[UUID]:
        """Post tasks made by `new_task`, up to 1,000 in a request, each request all or nothing.

        Returns their ids in the order given; `posted` is called with the ids of each request as it is committed.
        """
        task_ids: list[UUID] = []
        for batch in posting.batches(tasks):
            committed = (await self.send(calls.schedule_many(batch))).task_ids
            task_ids += committed
            if posted:
                posted(committed)
        return task_ids

    async def status(self, task_id: UUID | str) -> Task:
        return await self.send(calls.status(task_id))

    async def tasks(
        self, *, page_size: int = LIST_ROWS_MAX, newest: bool = False, **which: Unpack[Which]
    ) -> AsyncIterator[Task]:
        """Tasks in the order of their scheduled_at, or the newest first, fetched page by page as they are consumed."""
        cursor: str | None = None
        while True:
            page = await self.send(calls.tasks(which, page_size, cursor, newest=newest))
            for task in page.tasks:
                yield task
            cursor = page.next_cursor
            if cursor is None:
                return

    async def why(self, task_id: UUID | str) -> Why:
        """Why a task is not running: one plain answer. NotFound if nobody knows it."""
        return await self.send(calls.why(task_id))

    async def queues(self) -> list[Queue]:
        """Those that are paused or have tasks."""
        return await self.send(calls.queues())

    async def pause(self, queue: str) -> Pause:
        """Let no task of this queue begin; what runs goes on. Twice does no harm."""
        return await self.send(calls.pause(queue))

    async def resume(self, queue: str) -> Pause:
        """Let the tasks of this queue begin again. Twice does no harm."""
        return await self.send(calls.resume(queue))

    async def commands(self) -> list[Command]:
        """What the workers offer, with the parameters of each command."""
        return await self.send(calls.commands())

    async def cancel(self, task_id: UUID | str) -> Change:
        """Call off one task, whatever it does; twice does no harm. WrongState if it has ended otherwise."""
        return await self.send(calls.cancel(task_id))

    async def retry(self, task_id: UUID | str) -> Change:
        """Run one task again that failed, was cancelled or is in quarantine; twice does no harm.

        WrongState if it is complete, or if a live task holds its unique_key.
        """
        return await self.send(calls.retry(task_id))

    async def cancel_tasks(
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
        return await self.send(calls.cancel_tasks(task_ids, limit, which, dry_run=dry_run))

    async def retry_tasks(
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
        return await self.send(calls.retry_tasks(task_ids, limit, which, dry_run=dry_run))

    async def stats(self) -> Stats:
        return await self.send(calls.stats())

    async def workers(self) -> list[Worker]:
        return await self.send(calls.workers())

    async def scale(self, count: int) -> None:
        """Ask for this many workers; the supervisor makes it so."""
        await self.send(calls.scale(count))

    async def kill(self, name: str) -> None:
        """Kill one worker as by SIGKILL; its tasks are rescued. NotFound if there is none of that name."""
        await self.send(calls.kill(name))

    async def drain(self, name: str) -> None:
        """Let one worker finish what runs and end; another takes its place. NotFound if there is none of that name."""
        await self.send(calls.drain(name))

    async def logs(self) -> list[LogEvent]:
        """The last events, oldest first."""
        return await self.send(calls.logs())

    async def events(self, after: str | None = None) -> AsyncIterator[LogEvent]:
        """The last events, or those after the event with id `after`, then live ones without end.

        A connection that breaks is taken up after the last event told. EdgeUnavailable: the edge stays away.
        """
        follower = stream.Follower(self._url, after)
        while True:
            try:
                async for event in self._stream(follower):
                    yield event
            except (httpx.TransportError, *problems.PASSING) as error:
                await asyncio.sleep(follower.lost(error))

    async def wait(
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
                tasks = await self.send(calls.statuses(asked))
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
            await asyncio.sleep(0 if watchlist.done else pause)
        return watchlist.finished

    async def send(self, call: Call[T]) -> T:
        """Carry out one call; a repeatable one is tried again when the connection breaks or PostgreSQL is away."""
        for pause in problems.REPEAT_AFTER if call.repeatable else ():
            try:
                return await self._once(call)
            except problems.PASSING:
                await asyncio.sleep(pause)
        return await self._once(call)

    async def _once(self, call: Call[T]) -> T:
        try:
            response = await self._http.request(
                call.method, call.path, params=call.params, content=call.body, headers=call.headers
            )
        except httpx.TransportError as error:
            raise problems.unreachable(self._url, error) from error
        return call.answer(response)

    async def _stream(self, follower: stream.Follower) -> AsyncIterator[LogEvent]:
        timeout = httpx.Timeout(stream.SILENCE, connect=5.0)
        async with self._http.stream("GET", stream.PATH, headers=follower.headers(), timeout=timeout) as response:
            if not response.is_success:
                raise problems.problem(response.status_code, await response.aread())
            async for chunk in response.aiter_bytes():
                for event in follower.feed(chunk):
                    yield event
        raise EdgeUnavailable
