"""Batches of outcomes that come twice, and old ones that come late: what a careless worker would send."""

from collections import deque
from collections.abc import Callable
from typing import Any

from cluster.wire import taskmaster_pb2 as pb
from cluster.worker import stream

KEPT = 50
"""Batches that may come late."""


class Repeats:
    """State: whether it is on, and the batches of late."""

    def __init__(self) -> None:
        self.on = False
        self._old: deque[pb.StatusBatch] = deque(maxlen=KEPT)

    def install(self) -> None:
        """Put a stammerer between every stream of this worker and its call."""
        begin: Callable[..., None] = stream.Stream.__init__

        def init(made: stream.Stream, call: stream.Call, leases: Any) -> None:
            begin(made, _Stammerer(call, self), leases)

        stream.Stream.__init__ = init  # type: ignore[method-assign,assignment]

    def after(self, batch: pb.StatusBatch) -> list[pb.StatusBatch]:
        """What to say once more when this batch was said: itself, and the oldest that is remembered."""
        if batch.sequence == 0:
            return []
        late = [self._old[0]] if self._old else []
        self._old.append(batch)
        return [batch, *late] if self.on else []


class _Stammerer:
    """The call of a stream. Writes come one after the other, as gRPC wants them."""

    def __init__(self, call: stream.Call, repeats: Repeats) -> None:
        self._call, self._repeats = call, repeats

    def __getattr__(self, name: str) -> Any:
        return getattr(self._call, name)

    async def write(self, batch: pb.StatusBatch) -> None:
        await self._call.write(batch)
        for again in self._repeats.after(batch):
            await self._call.write(again)
