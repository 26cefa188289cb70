"""uvicorn inside our own lifecycle: our socket, our signals, our log lines."""

import asyncio
import contextlib
import errno
import logging
import socket
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import uvicorn

from cluster.core.errors import CannotStart
from cluster.edge.app import Application
from cluster.edge.head import BoundedHead
from cluster.runtime.variables import Address

BACKLOG = 2048
GRACE = 1
"""Seconds that answers under way get when the server stops."""
KEEP_ALIVE = 75
"""Seconds an idle connection is kept: longer than the pools of usual clients and proxies keep theirs."""


def bound(address: Address) -> socket.socket:
    """A socket bound to `address`, not listening yet. Raises CannotStart."""
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    # The protocol is named because asyncio sets TCP_NODELAY only on sockets that name it. Without, each answer on a
    # kept connection waits 40 ms for the client's delayed acknowledgement.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address.host, address.port))
    except (OSError, UnicodeError) as error:
        listener.close()
        raise _cannot_listen(address, error) from error
    return listener


class HttpServer:
    """State: the socket, the server, and the task that runs it."""

    def __init__(self, application: Application, listener: socket.socket, ending: Callable[[], None]) -> None:
        """`ending` is called first when the server stops: it ends the streams, for which it would wait otherwise."""
        self._listener = listener
        self._ending = ending
        self._server = _Server(_config(application))
        self._task: asyncio.Task[None] | None = None

    def __repr__(self) -> str:
        return f"<HttpServer {self._listener}>"

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    async def start(self) -> None:
        """Raises CannotStart when somebody else began to listen since the socket was bound."""
        try:
            self._listener.listen(BACKLOG)
        except OSError as error:
            host, port = self._listener.getsockname()[:2]
            raise _cannot_listen(Address(host, port), error) from error
        # uvicorn's "invalid request" is noise, and what fails in the application is told by the application.
        logging.getLogger("uvicorn").setLevel(logging.CRITICAL)
        self._task = asyncio.create_task(self._server.serve(sockets=[self._listener]), name="http-server")
        ready = asyncio.create_task(self._server.ready.wait())
        await asyncio.wait({self._task, ready}, return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()

    async def until(self, ended: Coroutine[Any, Any, None]) -> None:
        """Until `ended` returns; raises what ended the server if that comes first."""
        assert self._task is not None, "start the server first"
        waiting = asyncio.create_task(ended)
        await asyncio.wait({self._task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if self._task.done():
            self._task.result()

    async def stop(self) -> None:
        self._ending()
        self._server.should_exit = True
        if self._task is not None:
            await asyncio.wait({self._task})
        self._listener.close()


class _Server(uvicorn.Server):
    """State: what uvicorn has, and whether it is ready."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The signals are ours (runtime.signals)."""
        yield


def _config(application: Application) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        interface="asgi3",
        http=BoundedHead,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=GRACE,
    )


def _cannot_listen(address: Address, error: Exception) -> CannotStart:
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return CannotStart(f"port {address.port} is in use; set SCHEDULER_PORT")
    reason = error.strerror if isinstance(error, OSError) else "not a host name"
    return CannotStart(f"cannot listen on {address}: {reason}; set SCHEDULER_PORT")
