"""The standard gRPC health question."""

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from cluster.core.errors import NotServing
from cluster.wire.channel import open_channel


async def check_health(address: str, timeout: float) -> None:
    """Return if the server at `host:port` says that it serves; NotServing says why it does not."""
    async with open_channel(address) as channel:
        try:
            answer = await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=timeout)
        except grpc.aio.AioRpcError as error:
            raise NotServing(f"nothing answers at {address}: {error.code().name}") from error
    if answer.status != health_pb2.HealthCheckResponse.SERVING:
        raise NotServing(f"what answers at {address} says that it does not serve")
