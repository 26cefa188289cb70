"""One child process as its worker sees it: the program, the way to it, and the run it was given."""

import asyncio
import os
import socket
from collections.abc import Callable, Sequence
from typing import cast

import msgspec

from cluster.runtime import telemetry
from cluster.runtime.signals import PARENT_VARIABLE
from cluster.worker.frames import LENGTH, Call, Progress, Reply, decode_said, framed
from cluster.worker.guardian import Guardian
from cluster.worker.run import NEVER, Run
from cluster.worker.spawned import Spawned, how_it_ended

LEAVE_SECONDS = 2.0


class Caller(asyncio.Protocol):
    """Calls one child and hears it. `heard` gets what it says, `lost` is called when it hung up or has ended.

    A protocol, not streams: what is said is taken in where it arrives, without a task that wakes up for it.

    State: the process, the way to it, what came of a frame that is not whole yet, whether it said what is no frame, and
    whether we have left it; whether it has said that it is ready; and, for whoever gives it runs, the present one and
    when that is due (monotonic nanoseconds).
    """

    def __init__(
        self,
        argv: Sequence[str],
        guardian: Guardian,
        heard: Callable[["Caller", Reply | Progress], None],
        lost: Callable[["Caller"], None],
    ) -> None:
        """Starts the process. Raises OSError when that cannot be done."""
        self._heard, self._lost = heard, lost
        environment = {**os.environ, PARENT_VARIABLE: str(os.getpid())}
        self._socket, theirs = socket.socketpair()
        with theirs:
            try:
                self._spawned = Spawned(argv, environment, guardian, stdin=theirs.fileno(), stdout=theirs.fileno())
            except OSError:
                self._socket.close()
                raise
        self._way: asyncio.WriteTransport | None = None
        self._rest = b""
        self._garbled = self._left = False
        self.ready = False
        self.run: Run | None = None
        self.due = NEVER

    def __repr__(self) -> str:
        return f"<Caller {self._spawned} ready={self.ready} busy={self.run is not None}>"

    @property
    def alive(self) -> bool:
        return self._spawned.alive

    async def connect(self) -> None:
        """From now on it is heard. Raises OSError."""
        try:
            await asyncio.get_running_loop().create_connection(lambda: self, sock=self._socket)
        except OSError:
            self._socket.close()
            raise

    def call(self, run: Run) -> None:
        """Have it run this; for a child that is ready and has answered whatever it was called with before."""
        if self._way is None:
            raise RuntimeError("a child that was not heard yet was called")
        self._way.write(framed(Call(run.command, run.task_id, run.attempt, run.payload)))

    def kill(self) -> None:
        self._spawned.kill()

    async def leave(self) -> None:
        """End of input asks it to end; whatever of its group is left afterwards is killed."""
        self._left = True
        if self._way is not None:
            self._way.close()
        try:
            async with asyncio.timeout(LEAVE_SECONDS):
                await self._spawned.exit_code()
        except TimeoutError:
            telemetry.emit("child_killed", level="warning", child=repr(self))
        self.kill()
        await self._spawned.exit_code()

    async def last_words(self) -> str:
        """How the process ended, for people. One that has hung up and does not end is killed."""
        try:
            async with asyncio.timeout(LEAVE_SECONDS):
                how = how_it_ended(await self._spawned.exit_code())
        except TimeoutError:
            # No answer can come any more, and no timeout watches it from here on.
            self.kill()
            return "its process closed the way to its worker and went on; it was killed"
        telemetry.emit("child_ended", level="warning", how=how)
        if self._garbled:
            return "it wrote into the way from its process to its worker; the process was killed"
        return f"its process ended with {how}" + ("" if self.ready else " before it was ready")

    # ------------------------------------------------------------------ what the event loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are of no class of asyncio's.
        self._way = cast("asyncio.WriteTransport", transport)
        if self._left:
            transport.close()

    def data_received(self, data: bytes) -> None:
        if self._rest:
            data = self._rest + data
        at = 0
        while len(data) - at >= LENGTH.size:
            begin = at + LENGTH.size
            end = begin + LENGTH.unpack_from(data, at)[0]
            if len(data) < end:
                break
            at = end
            self._say(data[begin:end])
        self._rest = data[at:]

    def connection_lost(self, _error: Exception | None) -> None:
        self._lost(self)

    def _say(self, frame: bytes) -> None:
        # Once user code wrote where only we write, nothing that follows means anything.
        if self._garbled:
            return
        try:
            said = decode_said(frame)
        except msgspec.DecodeError:
            self._garbled = True
            self.kill()
        else:
            self._heard(self, said)
