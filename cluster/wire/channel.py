"""Channels and servers: keepalive, message limits, health and reflection, the same everywhere."""

import socket

import grpc
from google.protobuf import descriptor_pool
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from cluster.core.errors import CannotStart
from cluster.core.limits import MESSAGE_BYTES

_LIMITS = [
    ("grpc.max_send_message_length", MESSAGE_BYTES),
    ("grpc.max_receive_message_length", MESSAGE_BYTES),
]

CLIENT_OPTIONS = [
    *_LIMITS,
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    # Calls fail at once while gRPC pauses between two attempts, so this adds to the pauses of whoever tries again.
    ("grpc.max_reconnect_backoff_ms", 500),
    ("grpc.enable_http_proxy", 0),
    # A channel of its own connection: closing one must not depend on who else dials the same address.
    ("grpc.use_local_subchannel_pool", 1),
]

SERVER_OPTIONS = [
    *_LIMITS,
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 5_000),
    ("grpc.http2.max_ping_strikes", 0),
    # Two processes on one port would share its connections in silence.
    ("grpc.so_reuseport", 0),
]


def open_channel(address: str) -> grpc.aio.Channel:
    """A plain-text channel to `host:port`; it connects when first used."""
    return grpc.aio.insecure_channel(address, options=CLIENT_OPTIONS)


class Server:
    """A gRPC server with health and reflection. State: the server, its health, and the port it got.

    Register servicers on `.grpc` before `start`. Binding port 0 takes a free one.
    """

    def __init__(self, host: str, port: int, services: tuple[str, ...]) -> None:
        self.grpc = grpc.aio.server(options=SERVER_OPTIONS)
        self.port = 0
        self._host, self._wanted, self._services = host, port, services
        self._health = health.aio.HealthServicer()

    def __repr__(self) -> str:
        return f"<Server {self._host}:{self.port or self._wanted}>"

    async def start(self) -> None:
        """Raises CannotStart when the port is taken."""
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self.grpc)
        names = (*self._services, health.SERVICE_NAME, reflection.SERVICE_NAME)
        reflection.enable_server_reflection(names, self.grpc, descriptor_pool.Default())
        host = f"[{self._host}]" if ":" in self._host else self._host
        self._try_port()
        try:
            self.port = self.grpc.add_insecure_port(f"{host}:{self._wanted}")
        except RuntimeError as error:
            raise CannotStart(f"cannot listen on {host}:{self._wanted}: {error}") from error
        await self.grpc.start()
        await self.set_serving(True)

    def _try_port(self) -> None:
        # gRPC knows no reason when it cannot bind, and writes a line of its own on stderr: so ask the kernel first.
        try:
            family, kind, _, _, where = socket.getaddrinfo(self._host, self._wanted, type=socket.SOCK_STREAM)[0]
            with socket.socket(family, kind) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(where)
        except (OSError, UnicodeError) as error:
            reason = error.strerror or error if isinstance(error, OSError) else "not a host name"
            raise CannotStart(f"cannot listen on {self._host}:{self._wanted}: {reason}") from error

    async def set_serving(self, serving: bool) -> None:
        """What the standard health service answers, for the whole server and each of its services."""
        status = health_pb2.HealthCheckResponse.SERVING if serving else health_pb2.HealthCheckResponse.NOT_SERVING
        for name in ("", *self._services):
            await self._health.set(name, status)

    async def stop(self, grace: float = 1.0) -> None:
        """Refuse new calls, give running ones `grace` seconds."""
        await self._health.enter_graceful_shutdown()
        await self.grpc.stop(grace)
