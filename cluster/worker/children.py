"""Child processes that run plain `def` tasks, where a timeout can kill them."""

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence

from cluster.core.outcome import Failed, Outcome, Succeeded
from cluster.runtime import telemetry
from cluster.runtime.signals import PARENT_VARIABLE
from cluster.worker.frames import LENGTH, Call, Reply, decode_reply, framed
from cluster.worker.reports import NOTHING
from cluster.worker.run import Run
from cluster.worker.slots import timeout_message

BOOT_SECONDS = 60.0
"""How long a child may take to import the task modules."""
LEAVE_SECONDS = 2.0


class Children:
    """Started when first needed, at most one per slot since each slot needs at most one, kept warm afterwards.

    A child that was killed or crashed is gone; the next run that finds none idle starts another. State: the children
    that are idle and those that run something.
    """

    def __init__(self, modules: Sequence[str], log_format: str) -> None:
        self._arguments = ("-m", "cluster.worker.child", log_format, *modules)
        self._idle: list[Child] = []
        self._busy: set[Child] = set()

    def __repr__(self) -> str:
        return f"<Children idle={len(self._idle)} busy={len(self._busy)}>"

    async def start(self) -> None:
        """Nothing: most workers never need a child."""

    async def stop(self) -> None:
        children, self._idle, self._busy = [*self._idle, *self._busy], [], set()
        await asyncio.gather(*(child.leave() for child in children))

    async def run(self, run: Run) -> Outcome:
        """Run it in a child; killed with its process group at its timeout or when this is cancelled."""
        child = self._one()
        self._busy.add(child)
        try:
            outcome = await self._on(child, run)
        finally:
            self._busy.discard(child)
            # Not idle again unless it has answered: what is in its pipe could otherwise be the answer to another call.
            if child.warm:
                self._idle.append(child)
            else:
                child.kill()
        return outcome

    def _one(self) -> "Child":
        while self._idle:
            child = self._idle.pop()
            if child.alive:
                return child
        return Child()

    async def _on(self, child: "Child", run: Run) -> Outcome:
        try:
            if not child.warm:
                async with asyncio.timeout(BOOT_SECONDS):
                    await child.start(self._arguments)
            async with asyncio.timeout(run.timeout):
                return _outcome(await child.call(Call(run.command, run.task_id, run.attempt, run.payload)))
        except TimeoutError:
            return Failed(timeout_message(run.timeout) if child.started else "its process was not ready after 60 s")
        except (EOFError, ConnectionError):
            return Failed(await child.last_words())


class Child:
    """One process. State: the process, and whether it waits for a call (`warm`)."""

    def __init__(self) -> None:
        self._process: Process | None = None
        self.started = False
        self.warm = False

    def __repr__(self) -> str:
        return f"<Child pid={self._process and self._process.pid} warm={self.warm}>"

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def start(self, arguments: Sequence[str]) -> None:
        """Returns when the task modules are imported. Raises EOFError when the process ends before that."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            *arguments,
            stdin=PIPE,
            stdout=PIPE,
            # A group of its own: Ctrl-C on a terminal is for the worker, and what the task starts is killed with it.
            start_new_session=True,
            env={**os.environ, PARENT_VARIABLE: str(os.getpid())},
        )
        await self._reply()
        self.started = self.warm = True

    async def call(self, call: Call) -> Reply:
        """Raises EOFError or ConnectionError when the process ends instead of answering."""
        self.warm = False
        _, calls, _ = self._parts()
        calls.write(framed(call))
        await calls.drain()
        reply = await self._reply()
        self.warm = True
        return reply

    def kill(self) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    async def leave(self) -> None:
        """End of input asks it to end; whatever of its group is left afterwards is killed."""
        if self._process is None:
            return
        if self.warm and self._process.stdin is not None:
            self._process.stdin.close()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LEAVE_SECONDS):
                    await self._process.wait()
        self.kill()
        await self._process.wait()

    async def last_words(self) -> str:
        """How the process ended, for people."""
        process, _, _ = self._parts()
        code = await process.wait()
        telemetry.emit("child_ended", level="warning", code=code)
        how = f"signal {signal.Signals(-code).name}" if code < 0 else f"code {code}"
        return f"its process exited with {how}" + ("" if self.started else " before it was ready")

    async def _reply(self) -> Reply:
        _, _, replies = self._parts()
        header = await replies.readexactly(LENGTH.size)
        return decode_reply(await replies.readexactly(*LENGTH.unpack(header)))

    def _parts(self) -> tuple[Process, asyncio.StreamWriter, asyncio.StreamReader]:
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise RuntimeError("a child that was never started was called")
        return process, process.stdin, process.stdout


def _outcome(reply: Reply) -> Outcome:
    if reply.error is not None:
        return Failed(reply.error, reply.permanent)
    return NOTHING if reply.result is None else Succeeded(reply.result)
