"""Every lease this worker holds, from its arrival until its outcome is settled."""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from time import monotonic_ns
from typing import Protocol

from cluster.core.outcome import Failed, Released
from cluster.runtime import telemetry
from cluster.wire import taskmaster_pb2 as pb
from cluster.worker.executor import Executor, Processes
from cluster.worker.invoke import Prepared
from cluster.worker.outbox import Outbox
from cluster.worker.progress import Board, Word
from cluster.worker.run import Run
from cluster.worker.slots import timeout_message

HELD_MAX = 20_000
"""More than any coordinator prefetches: whoever gives more ignores what this worker says about its slots."""

_BLOCKED = "and the event loop of its worker was blocked"
_STUCK = Released("the event loop of the worker was blocked")

Key = tuple[bytes, int]


class TellsSimple(Protocol):
    """Who tells of leases that came through SubmitTask."""

    def put(self, started: list[Run], ended: list[Run]) -> None:
        """Tell it, and again until it is heard."""

    def put_progress(self, words: Mapping[Run, Word]) -> None:
        """Tell it once."""


class Leases:
    """Takes leases in, has them run, and keeps what became of them until the coordinator has settled it.

    Lives on the I/O loop. A lease that is held already is ignored when it comes again.

    State: the held runs by (task id, token), whether we drain, whether anything is held, and who tells of simple ones.
    """

    def __init__(self, slots: int, handlers: Mapping[str, Prepared], processes: Processes) -> None:
        self.outbox = Outbox()
        self.board = Board(self._goes_on, self._pass_on)
        self.executor = Executor(slots, handlers, processes, self._report, self.board.put)
        self.simple: TellsSimple | None = None
        self._held: dict[Key, Run] = {}
        self._draining = False
        self._empty = asyncio.Event()
        self._empty.set()

    def __repr__(self) -> str:
        return f"<Leases held={len(self._held)} draining={self._draining}>"

    def __len__(self) -> int:
        return len(self._held)

    @property
    def draining(self) -> bool:
        return self._draining

    def holds(self, run: Run) -> bool:
        return run.key in self._held

    def holding(self) -> pb.StatusBatch:
        """What the first batch of a stream says: every lease that waits, runs, or is reported but not settled."""
        refs = [pb.LeaseRef(task_id=task_id, lease_token=token) for task_id, token in self._held]
        return pb.StatusBatch(sequence=0, holding=refs, greeting=True)

    async def start(self) -> None:
        await self.board.start()
        await self.executor.start()

    async def stop(self) -> None:
        await self.executor.stop()
        await self.board.stop()

    def accept(self, runs: Iterable[Run]) -> None:
        """Run these when there are slots for them; while we drain, give them back."""
        held = self._held
        fresh = [run for run in runs if held.setdefault((run.task_id, run.token), run) is run]
        if not fresh:
            return
        self._empty.clear()
        if self._draining:
            self._give_back(fresh)
        else:
            self.executor.submit(fresh)

    def settle(self, through: int, overtaken: Collection[int] = ()) -> None:
        """The coordinator has committed or refused every batch up to this number, but for those `overtaken`."""
        self._forget(self.outbox.settle(through, overtaken))

    def refuse(self, keys: Iterable[Key]) -> None:
        """These leases are no longer ours: end them, report nothing. What has ended is held until it is settled."""
        named = [self._held.get(key) for key in keys]
        taken = [run for run in named if run is not None and run.outcome is None]
        telemetry.tally("task_taken_away", len(taken))
        telemetry.tally("task_stale", len(named) - len(taken))
        if taken:
            self.executor.cancel(taken, None)
            self._forget(taken)

    def settle_simple(self, run: Run) -> None:
        """The coordinator took what became of a lease that came through SubmitTask."""
        self._forget([run])

    def drop(self) -> None:
        """The session is over and its leases are rescued: end what goes on in silence.

        What has ended is told in the next session, numbered anew: that is too late, but shows what ran twice. A worker
        that drains has no next session.
        """
        ended = {} if self._draining else {key: run for key, run in self._held.items() if run.outcome is not None}
        dropped = len(self._held) - len(ended)
        if self._held:
            telemetry.emit("leases_dropped", level="warning", count=dropped, told_late=len(ended))
        self._held = ended
        self.outbox.renumber(keep=self.holds)
        self.executor.cancel_all(None)
        self._look()

    def drain(self) -> None:
        """From now on nothing new begins; what runs goes on."""
        self._draining = True
        self.executor.release_waiting("the worker drains")

    def give_up(self) -> None:
        """End what still runs and give it back."""
        self.executor.cancel_all(Released("the worker had to stop before the task ended"))

    def overdue(self, seconds: float) -> list[Run]:
        """Runs that should have been cancelled at their timeout at least `seconds` ago and were not."""
        latest = monotonic_ns() - int(seconds * 1e9)
        return [run for run in self._held.values() if run.outcome is None and run.started and run.deadline < latest]

    def give_up_loop(self, overdue: Collection[Run]) -> None:
        """The task loop does not answer and never will: report in its place. Nothing is begun any more."""
        self._draining = True
        self.executor.cancel_all(None)
        open_runs = [run for run in self._held.values() if run.outcome is None]
        for run in open_runs:
            run.finished = monotonic_ns()
            run.outcome = _STUCK if run not in overdue else Failed(f"{timeout_message(run.timeout)}, {_BLOCKED}")
        self._report([], open_runs + self.executor.unreported())

    async def settled(self) -> None:
        """Returns when nothing is held: every lease ran or was given back, and the coordinator knows."""
        await self._empty.wait()

    def _give_back(self, runs: list[Run]) -> None:
        for run in runs:
            run.outcome, run.payload = Released("the worker drains"), b""
        self._report([], runs)

    def _report(self, started: list[Run], ended: list[Run]) -> None:
        # Nobody mixes both ways in practice; asking once for each batch keeps the fast path fast.
        simple_started, simple_ended = [run for run in started if run.simple], [run for run in ended if run.simple]
        if simple_started or simple_ended:
            self._simple().put(simple_started, simple_ended)
            started, ended = [run for run in started if not run.simple], [run for run in ended if not run.simple]
        # A start may be of a run that was dropped while its report was on its way from the task thread.
        self.outbox.put([run for run in started if self._goes_on(run)], ended)

    def _goes_on(self, run: Run) -> bool:
        return run.outcome is None and self.holds(run)

    def _pass_on(self, words: Mapping[Run, Word]) -> None:
        simple = {run: word for run, word in words.items() if run.simple}
        if simple:
            self._simple().put_progress(simple)
        self.outbox.put_progress({run: word for run, word in words.items() if not run.simple})

    def _simple(self) -> TellsSimple:
        if self.simple is None:
            raise RuntimeError("a simple lease was taken before anybody could tell of it")
        return self.simple

    def _forget(self, runs: Iterable[Run]) -> None:
        for run in runs:
            self._held.pop((run.task_id, run.token), None)
        self._look()

    def _look(self) -> None:
        if not self._held:
            self._empty.set()
