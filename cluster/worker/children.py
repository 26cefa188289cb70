"""Child processes that run plain `def` tasks, where a timeout can kill them."""

import asyncio
import sys
from collections.abc import Callable, Coroutine, Iterable, Sequence
from time import monotonic_ns
from typing import Any

from cluster.core.outcome import Cancelled, Failed, Outcome, Succeeded
from cluster.worker.alarm import Alarm
from cluster.worker.caller import Caller
from cluster.worker.frames import Progress, Reply
from cluster.worker.guardian import Guardian
from cluster.worker.progress import OnProgress, unheard
from cluster.worker.reports import NOTHING
from cluster.worker.run import NEVER, Run
from cluster.worker.slots import timeout_message

BOOT_SECONDS = 60.0
"""How long a child may take to import the task modules."""

Ended = Callable[[list[tuple[Run, Outcome]]], None]


class Children:
    """Started when first needed, as many as there are runs at once, kept warm afterwards.

    A child that was killed or crashed is gone; the next run that finds none idle starts another. What ends in one turn
    of the loop is told to `ended` together. Lives on one event loop.

    State: the children that are idle, those that were given a run, what is done for those that start or are gone, what
    has ended and is not told, and the alarm for the run that is due first.
    """

    def __init__(self, modules: Sequence[str], log_format: str, guardian: Guardian) -> None:
        self._guardian = guardian
        self._argv = (sys.executable, "-m", "cluster.worker.child", log_format, *modules)
        self._idle: list[Caller] = []
        self._busy: dict[Run, Caller] = {}
        self._errands: set[asyncio.Task[None]] = set()
        self._outcomes: list[tuple[Run, Outcome]] = []
        self._tell: Ended
        self._on_progress: OnProgress = unheard
        self._loop: asyncio.AbstractEventLoop
        self._alarm: Alarm

    def __repr__(self) -> str:
        return f"<Children idle={len(self._idle)} busy={len(self._busy)} leaving={len(self._errands)}>"

    def listen(self, ended: Ended, on_progress: OnProgress) -> None:
        """Whom to tell: how runs ended, and how far they are."""
        self._tell, self._on_progress = ended, on_progress

    async def start(self) -> None:
        """No child yet: most workers never need one."""
        self._loop = asyncio.get_running_loop()
        self._alarm = Alarm(self._loop, self._look)

    async def stop(self) -> None:
        idle, self._idle = self._idle, []
        for child in [*idle, *(self._free(run) for run in list(self._busy))]:
            self._do(child.leave())
        while self._errands:
            await asyncio.gather(*self._errands)

    def begin(self, runs: Iterable[Run]) -> None:
        """Run each in a child of its own, killed with its process group at the timeout."""
        for run in runs:
            try:
                self._begin(run)
            except OSError as error:
                self._ended(run, _not_started(error))

    def kill(self, runs: Iterable[Run]) -> None:
        """What of these goes on is killed and told as ended; what has ended was told."""
        for run in runs:
            if run in self._busy:
                self._kill(run, Failed("it was killed"))

    def _begin(self, run: Run) -> None:
        child = self._one()
        self._busy[run], child.run = child, run
        if child.ready:
            self._call(child, run)
        else:
            self._watch(child, BOOT_SECONDS)
            self._do(self._meet(child, run))

    def _one(self) -> Caller:
        while self._idle:
            child = self._idle.pop()
            if child.alive:
                return child
            self._do(child.leave())
        return Caller(self._argv, self._guardian, self._heard, self._lost)

    async def _meet(self, child: Caller, run: Run) -> None:
        try:
            await child.connect()
        except OSError as error:
            if child.run is run:
                self._kill(run, _not_started(error))

    def _call(self, child: Caller, run: Run) -> None:
        child.call(run)
        self._watch(child, run.timeout)

    def _watch(self, child: Caller, seconds: float | None) -> None:
        child.due = NEVER if seconds is None else monotonic_ns() + int(seconds * 1e9)
        if child.due < self._alarm.due:
            self._alarm.by(child.due)

    def _heard(self, child: Caller, said: Reply | Progress) -> None:
        run = child.run
        if isinstance(said, Progress):
            if run is not None:
                self._on_progress(run, said.fraction, said.message)
        elif not child.ready:
            child.ready = True
            if run is not None:
                self._call(child, run)
        elif run is not None:
            # Idle only now that it has answered: what is in its pipe could otherwise be the answer to another call.
            self._free(run)
            self._idle.append(child)
            self._ended(run, _outcome(said))

    def _lost(self, child: Caller) -> None:
        if child.run is not None:
            self._do(self._bury(child, child.run))
        elif child in self._idle:
            self._idle.remove(child)
            self._do(child.leave())

    async def _bury(self, child: Caller, run: Run) -> None:
        words = await child.last_words()
        if child.run is run:
            self._kill(run, Failed(words))

    def _look(self) -> None:
        now = monotonic_ns()
        for run, child in list(self._busy.items()):
            if child.due <= now:
                late = timeout_message(run.timeout) if child.ready else "its process was not ready after 60 s"
                self._kill(run, Failed(late))
        self._alarm.by(min((child.due for child in self._busy.values()), default=NEVER))

    def _kill(self, run: Run, outcome: Outcome) -> None:
        child = self._free(run)
        child.kill()
        self._do(child.leave())
        self._ended(run, outcome)

    def _free(self, run: Run) -> Caller:
        child = self._busy.pop(run)
        child.run, child.due = None, NEVER
        return child

    def _ended(self, run: Run, outcome: Outcome) -> None:
        if not self._outcomes:
            self._loop.call_soon(self._flush)
        self._outcomes.append((run, outcome))

    def _flush(self) -> None:
        outcomes, self._outcomes = self._outcomes, []
        self._tell(outcomes)

    def _do(self, errand: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(errand, name="child")
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)


def _not_started(error: OSError) -> Outcome:
    return Failed(f"no process could be started for it: {error}")


def _outcome(reply: Reply) -> Outcome:
    if reply.error is None:
        return NOTHING if reply.result is None else Succeeded(reply.result)
    if reply.cancelled:
        return Cancelled(reply.error)
    return Failed(reply.error, reply.permanent, reply.retry_in)
