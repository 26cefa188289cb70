"""The fast path: one stream of leases down and statuses up."""

import asyncio
from typing import TypeAlias

import grpc

from cluster.wire import taskmaster_pb2 as pb
from cluster.worker.arrivals import runs_of
from cluster.worker.leases import HELD_MAX, Leases
from cluster.worker.outbox import message
from cluster.worker.run import Run

Call: TypeAlias = "grpc.aio.ServicerContext[pb.TaskBatch, pb.StatusBatch]"


LAST_WRITE = 1.0
"""Seconds that a write under way gets when the stream ends."""


class Stream:
    """One life of the stream to one coordinator: one task reads it, one writes it.

    State: the write under way, whether it is to end, and whether it has.
    """

    def __init__(self, call: Call, leases: Leases) -> None:
        self._call, self._leases = call, leases
        self._closed = asyncio.Event()
        self._over = asyncio.Event()
        self._writing: asyncio.Future[None] | None = None

    def __repr__(self) -> str:
        return f"<Stream closed={self._closed.is_set()} over={self._over.is_set()}>"

    async def serve(self, after: "Stream | None") -> None:
        """Returns when the coordinator has ended the stream or it was closed. Raises what broke it.

        `after`: the stream that this one replaces; its writer ends before ours begins.
        """
        try:
            if after is not None:
                await after.close()
            if not self._closed.is_set():
                await self._converse()
        finally:
            # Also when the call was cancelled before it began: whoever replaces us waits for this.
            self._over.set()

    async def _converse(self) -> None:
        parts = [
            asyncio.create_task(self._read(), name="stream reader"),
            asyncio.create_task(self._write(), name="stream writer"),
            asyncio.create_task(self._closed.wait(), name="stream end"),
        ]
        try:
            done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            for part in done:
                part.result()
        finally:
            # From here on not even what has been read already is taken in.
            self._closed.set()
            for part in parts:
                part.cancel()
            await asyncio.gather(*parts, return_exceptions=True)
            await self._written()

    async def close(self) -> None:
        """End it; returns when neither its reader nor its writer does anything any more."""
        self._closed.set()
        await self._over.wait()

    def shut(self) -> None:
        """End it as soon as may be; nothing is read from it after this returns."""
        self._closed.set()

    async def _write(self) -> None:
        self._leases.outbox.rewind()
        await self._say(self._leases.holding())
        while True:
            # The next batch is made when this write has returned: it then holds whatever came meanwhile.
            await self._say(message(await self._leases.outbox.next()))

    async def _say(self, batch: pb.StatusBatch) -> None:
        # Who stops waiting for a write does not stop it: it goes on inside gRPC.
        self._writing = asyncio.ensure_future(self._call.write(batch))
        await asyncio.shield(self._writing)

    async def _written(self) -> None:
        """A call that ends while it is written raises an error that nobody can catch."""
        if self._writing is not None:
            await asyncio.wait({self._writing}, timeout=LAST_WRITE)
            # Whoever ended the call has told why; this says it once more.
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)

    async def _read(self) -> None:
        while True:
            batch = await self._call.read()
            if batch is grpc.aio.EOF or self._closed.is_set():
                return
            await self._take(batch)

    async def _take(self, batch: pb.TaskBatch) -> None:
        if batch.settled_through:
            self._leases.settle(batch.settled_through, set(batch.overtaken))
        runs = await self._runs_of(batch.leases) if batch.leases.task_ids else []
        if len(self._leases) + len(runs) > HELD_MAX:
            await self._call.abort(
                grpc.StatusCode.RESOURCE_EXHAUSTED, f"more than {HELD_MAX} leases were given to this worker"
            )
        if batch.stale:
            stale = {(ref.task_id, ref.lease_token) for ref in batch.stale}
            # A lease may be taken away by the batch that brings it.
            runs = [run for run in runs if run.key not in stale]
            self._leases.refuse(stale)
        self._leases.accept(runs)

    async def _runs_of(self, leases: pb.LeaseColumns) -> list[Run]:
        try:
            return runs_of(leases)
        except ValueError as error:
            await self._call.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        raise AssertionError("abort raises")
