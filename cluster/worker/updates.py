"""What became of leases that came through SubmitTask: told one at a time, by UpdateTaskStatus."""

from collections import deque
from collections.abc import Callable, Mapping

from cluster.runtime.ticker import Ticker
from cluster.wire import taskmaster_pb2 as pb
from cluster.worker.coordinators import Coordinators
from cluster.worker.leases import Leases
from cluster.worker.outbox import fill_in
from cluster.worker.progress import Word
from cluster.worker.run import Run

IDLE_SECONDS = 60.0


class Updates:
    """Tells what `leases` hands over, in order, and again until a coordinator answers; progress only once.

    Bounded by the slots, for a lease that finds none free is refused: every run is in here at most three times.

    State: the untold updates, each a run and whether it is its end that is to be told, and the latest progress.
    """

    def __init__(self, coordinators: Coordinators, leases: Leases, worker_id: Callable[[], str]) -> None:
        self._coordinators, self._leases, self._worker_id = coordinators, leases, worker_id
        self._untold: deque[tuple[Run, bool]] = deque()
        self._progress: dict[Run, Word] = {}
        self._ticker = Ticker("updates", IDLE_SECONDS, self.step, worst_pause=1.0)
        leases.simple = self

    def __repr__(self) -> str:
        return f"<Updates untold={len(self._untold)}>"

    async def start(self) -> None:
        await self._ticker.start()

    async def stop(self) -> None:
        await self._ticker.stop()

    def put(self, started: list[Run], ended: list[Run]) -> None:
        self._untold.extend((run, False) for run in started)
        self._untold.extend((run, True) for run in ended)
        self._ticker.wake()

    def put_progress(self, words: Mapping[Run, Word]) -> None:
        self._progress.update(words)
        self._ticker.wake()

    async def step(self) -> None:
        """Tell everything. Raises CoordinatorUnavailable with the rest still untold."""
        await self._tell_updates()
        while self._progress:
            run, (fraction, words) = self._progress.popitem()
            if run.outcome is None and self._leases.holds(run):
                told = self._message(run, ended=False)
                told.progress, told.progress_message = fraction, words
                await self._tell_start(run, told)

    async def _tell_updates(self) -> None:
        while self._untold:
            run, ended = self._untold[0]
            if self._leases.holds(run):
                message = self._message(run, ended=ended)
                if ended:
                    await self._coordinators.update(message)
                    self._leases.settle_simple(run)
                else:
                    await self._tell_start(run, message)
            self._untold.popleft()

    async def _tell_start(self, run: Run, message: pb.UpdateTaskStatusRequest) -> None:
        answer = await self._coordinators.update(message)
        if not answer.accepted:
            self._leases.refuse([run.key])

    def _message(self, run: Run, *, ended: bool) -> pb.UpdateTaskStatusRequest:
        told = pb.UpdateTaskStatusRequest(
            task_id=str(run.uuid), worker_id=self._worker_id(), lease_token=run.token, status=pb.STARTED
        )
        if ended:
            fill_in(told, run)
        return told
