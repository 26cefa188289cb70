"""The coordinators this worker may talk to, one at a time."""

import grpc

from cluster.core.errors import CoordinatorUnavailable
from cluster.wire import taskmaster_pb2 as pb
from cluster.wire.channel import open_channel
from cluster.wire.taskmaster_pb2_grpc import CoordinatorServiceStub


class Coordinators:
    """Calls go to the current one; `rotate` makes the next one of the list current.

    State: which one is current, and the channel to each that was ever used.
    """

    def __init__(self, addresses: tuple[str, ...], call_seconds: float) -> None:
        self._addresses = addresses
        self._call_seconds = call_seconds
        self._turn = 0
        self._channels: dict[str, grpc.aio.Channel] = {}

    def __repr__(self) -> str:
        return f"<Coordinators current={self.current} of {len(self._addresses)}>"

    @property
    def current(self) -> str:
        return self._addresses[self._turn % len(self._addresses)]

    async def start(self) -> None:
        """Nothing: channels open when first used."""

    async def stop(self) -> None:
        channels, self._channels = list(self._channels.values()), {}
        for channel in channels:
            await channel.close()

    def rotate(self) -> None:
        self._turn += 1

    async def heartbeat(self, request: pb.HeartbeatRequest) -> pb.HeartbeatResponse:
        """Raises CoordinatorUnavailable, which says what the coordinator or the connection to it said."""
        try:
            answer: pb.HeartbeatResponse = await self._stub().SendHeartbeat(request, timeout=self._call_seconds)
        except grpc.aio.AioRpcError as error:
            raise self._unavailable(error) from error
        return answer

    async def update(self, request: pb.UpdateTaskStatusRequest) -> pb.UpdateTaskStatusResponse:
        """Raises CoordinatorUnavailable as `heartbeat` does."""
        try:
            answer: pb.UpdateTaskStatusResponse = await self._stub().UpdateTaskStatus(
                request, timeout=self._call_seconds
            )
        except grpc.aio.AioRpcError as error:
            raise self._unavailable(error) from error
        return answer

    def _stub(self) -> CoordinatorServiceStub:
        channel = self._channels.get(self.current)
        if channel is None:
            channel = self._channels[self.current] = open_channel(self.current)
        return CoordinatorServiceStub(channel)

    def _unavailable(self, error: grpc.aio.AioRpcError) -> CoordinatorUnavailable:
        return CoordinatorUnavailable(f"{self.current}: {error.code().name}: {error.details()}")
