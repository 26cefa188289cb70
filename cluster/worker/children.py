"""Child processes that run plain `def` tasks, where a timeout can kill them."""

import asyncio
import os
import socket
import sys
from collections.abc import Callable, Sequence
from functools import partial

from cluster.core.outcome import Cancelled, Failed, Outcome, Succeeded
from cluster.runtime import telemetry
from cluster.runtime.signals import PARENT_VARIABLE
from cluster.worker.frames import LENGTH, Call, Progress, Reply, decode_said, framed
from cluster.worker.guardian import Guardian
from cluster.worker.progress import OnProgress
from cluster.worker.reports import NOTHING
from cluster.worker.run import Run
from cluster.worker.slots import timeout_message
from cluster.worker.spawned import Spawned, how_it_ended

BOOT_SECONDS = 60.0
"""How long a child may take to import the task modules."""
LEAVE_SECONDS = 2.0


class Children:
    """Started when first needed, at most one per slot since each slot needs at most one, kept warm afterwards.

    A child that was killed or crashed is gone; the next run that finds none idle starts another. State: the children
    that are idle, those that run something, and those that were killed and are not reaped yet.
    """

    def __init__(self, modules: Sequence[str], log_format: str, guardian: Guardian) -> None:
        self._guardian = guardian
        self._argv = (sys.executable, "-m", "cluster.worker.child", log_format, *modules)
        self._idle: list[Child] = []
        self._busy: set[Child] = set()
        self._leaving: set[asyncio.Task[None]] = set()

    def __repr__(self) -> str:
        return f"<Children idle={len(self._idle)} busy={len(self._busy)} leaving={len(self._leaving)}>"

    async def start(self) -> None:
        """Nothing: most workers never need a child."""

    async def stop(self) -> None:
        children, self._idle, self._busy = [*self._idle, *self._busy], [], set()
        for child in children:
            self._dismiss(child)
        await asyncio.gather(*self._leaving)

    async def run(self, run: Run, on_progress: OnProgress) -> Outcome:
        """Run it in a child; killed with its process group at its timeout or when this is cancelled."""
        child = self._one()
        self._busy.add(child)
        try:
            return await self._on(child, run, on_progress)
        finally:
            self._busy.discard(child)
            # Idle only if it has answered: what is in its pipe could otherwise be the answer to another call.
            if child.warm:
                self._idle.append(child)
            else:
                child.kill()
                self._dismiss(child)

    def _one(self) -> "Child":
        while self._idle:
            child = self._idle.pop()
            if child.alive:
                return child
            self._dismiss(child)
        return Child(self._guardian)

    def _dismiss(self, child: "Child") -> None:
        leaving = asyncio.create_task(child.leave(), name="child leaves")
        self._leaving.add(leaving)
        leaving.add_done_callback(self._leaving.discard)

    async def _on(self, child: "Child", run: Run, on_progress: OnProgress) -> Outcome:
        try:
            if not child.warm:
                async with asyncio.timeout(BOOT_SECONDS):
                    await child.start(self._argv)
            async with asyncio.timeout(run.timeout):
                call = Call(run.command, run.task_id, run.attempt, run.payload)
                return _outcome(await child.call(call, partial(on_progress, run)))
        except TimeoutError:
            return Failed(timeout_message(run.timeout) if child.started else "its process was not ready after 60 s")
        except (EOFError, ConnectionError):
            return Failed(await child.last_words())
        except OSError as error:
            return Failed(f"no process could be started for it: {error}")


class Child:
    """One process. State: the process, our end of the socket to it, and whether it waits for a call (`warm`)."""

    def __init__(self, guardian: Guardian) -> None:
        self._guardian = guardian
        self._spawned: Spawned | None = None
        self._pipe: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self.started = False
        self.warm = False

    def __repr__(self) -> str:
        return f"<Child {self._spawned} warm={self.warm}>"

    @property
    def alive(self) -> bool:
        return self._spawned is not None and self._spawned.alive

    async def start(self, argv: Sequence[str]) -> None:
        """Returns when the task modules are imported. Raises EOFError when the process ends before that."""
        environment = {**os.environ, PARENT_VARIABLE: str(os.getpid())}
        ours, theirs = socket.socketpair()
        with theirs:
            self._pipe = await asyncio.open_connection(sock=ours)
            self._spawned = Spawned(argv, environment, self._guardian, stdin=theirs.fileno(), stdout=theirs.fileno())
        await self._said()
        self.started = self.warm = True

    async def call(self, call: Call, on_progress: Callable[[float, str], None]) -> Reply:
        """Raises EOFError or ConnectionError when the process ends instead of answering."""
        self.warm = False
        _, calls = self._ends()
        calls.write(framed(call))
        await calls.drain()
        while isinstance(said := await self._said(), Progress):
            on_progress(said.fraction, said.message)
        self.warm = True
        return said

    def kill(self) -> None:
        if self._spawned is not None:
            self._spawned.kill()

    async def leave(self) -> None:
        """End of input asks it to end; whatever of its group is left afterwards is killed."""
        if self._pipe is not None:
            self._pipe[1].close()
        if self._spawned is None:
            return
        try:
            async with asyncio.timeout(LEAVE_SECONDS):
                await self._spawned.exit_code()
        except TimeoutError:
            telemetry.emit("child_killed", level="warning", child=repr(self))
        self.kill()
        await self._spawned.exit_code()

    async def last_words(self) -> str:
        """How the process ended, for people. One that has hung up and does not end is killed."""
        if self._spawned is None:
            return "its process could not be started"
        try:
            async with asyncio.timeout(LEAVE_SECONDS):
                how = how_it_ended(await self._spawned.exit_code())
        except TimeoutError:
            # No answer can come any more, and no timeout watches it from here on.
            self.kill()
            return "its process closed the way to its worker and went on; it was killed"
        telemetry.emit("child_ended", level="warning", how=how)
        return f"its process ended with {how}" + ("" if self.started else " before it was ready")

    async def _said(self) -> Reply | Progress:
        replies, _ = self._ends()
        header = await replies.readexactly(LENGTH.size)
        return decode_said(await replies.readexactly(*LENGTH.unpack(header)))

    def _ends(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._pipe is None:
            raise RuntimeError("a child that was never started was called")
        return self._pipe


def _outcome(reply: Reply) -> Outcome:
    if reply.error is None:
        return NOTHING if reply.result is None else Succeeded(reply.result)
    if reply.cancelled:
        return Cancelled(reply.error)
    return Failed(reply.error, reply.permanent, reply.retry_in)
