"""Workers as containers: orders on their way to an engine, looks at what is there, ends on their way back."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from cluster.core.errors import EngineUnavailable, TaskMasterError
from cluster.runtime import telemetry
from cluster.runtime.ticker import Ticker
from cluster.supervisor.exits import Exits
from cluster.supervisor.runtimes.containers.ends import end_of, ends
from cluster.supervisor.runtimes.containers.engine import Engine, Unit
from cluster.supervisor.runtimes.runtime import Member

LOOK_INTERVAL = 1.0
STEP_PAUSE = 0.2
"""Seconds between two steps towards what was ordered."""
CALL_SECONDS = 60.0
"""A call of ours to the engine is several requests, each of which ends by itself much sooner."""

T = TypeVar("T")


class Containers:
    """A `Runtime` on an engine that keeps running what runs; nothing ends with the supervisor.

    State: what was seen last and when that look began, how many workers are wanted until so many are there, and the
    lives that were ended by order; by when each life that drains must have left.
    """

    def __init__(self, engine: Engine, interval: float = LOOK_INTERVAL) -> None:
        self._engine = engine
        self._ticker = Ticker("containers", interval, self.step)
        self._one_at_a_time = asyncio.Lock()
        self._seen: Sequence[Unit] = ()
        self._seen_at = time.monotonic()
        self._wanted: int | None = None
        self._killed: set[str] = set()
        self._leave_by: dict[str, float] = {}
        self.exits = Exits()
        self.changed = asyncio.Event()

    def __repr__(self) -> str:
        return f"<Containers {self._engine!r} wanted={self._wanted} {[unit.name for unit in self._seen]}>"

    @property
    def desired(self) -> int:
        """What was ordered, until that is reached; then what is there to stay, for others may scale it, too."""
        if self._wanted is not None:
            return self._wanted
        return sum(member.state != "draining" for member in self.members())

    def members(self) -> list[Member]:
        return [Member(unit.name, "worker", unit.state, restarts=unit.restarts) for unit in self._seen if unit.state]

    async def start(self) -> None:
        await self._ticker.start()

    async def stop(self) -> None:
        await self._ticker.stop()
        self._engine.close()

    async def step(self) -> float | None:
        """Look, then go on with what was ordered; soon again as long as there is something to do."""
        for unit in await self._look():
            if unit.grace is not None:
                await self._see_off(unit, unit.grace)
        if self._wanted is None:
            return None
        await self._approach(self._wanted)
        return STEP_PAUSE

    async def scale(self, count: int) -> None:
        # The first step by whoever asks: what the engine refuses is the outcome of the order.
        self._wanted = count
        try:
            await self._approach(count)
        except EngineUnavailable:
            self._wanted = None
            raise
        self._ticker.wake()

    async def kill(self, name: str) -> bool:
        """Its end is told before anything takes its place."""
        unit = next((unit for unit in await self._look() if unit.name == name), None)
        if unit is None:
            return False
        if unit.runs:
            await self._ask(self._engine.kill, unit)
            self._killed.add(unit.life)
            self.exits.note(end_of(unit, None, ordered=True))
            self.changed.set()
            telemetry.emit("worker_container_killed", worker=name)
        # Also of one that is dead: whoever killed it may have been stopped before this.
        await self._ask(self._engine.replace, unit)
        self._ticker.wake()
        return True

    async def drain(self, name: str) -> bool:
        """Told once, also by an order that comes again after a restart: a second SIGTERM would end what runs."""
        unit = next((unit for unit in await self._look() if unit.name == name and unit.runs), None)
        if unit is None:
            return False
        if unit.state != "draining":
            wanted = self.desired
            await self._ask(self._engine.drain, unit)
            telemetry.emit("worker_container_drains", worker=name)
            if self._engine.replaces:
                # It has a number of its own, and what is seen may be another: others leave, too, or a rollout goes on.
                self._ticker.wake()
            else:
                await self.scale(wanted)
        return True

    async def given_up(self) -> TaskMasterError:
        """Never: the engine goes on without us, and when it cannot be reached it is asked again."""
        await asyncio.Event().wait()
        raise AssertionError("nobody sets that event")

    def stop_at_once(self) -> None:
        """Nothing here dies with the supervisor."""

    async def _see_off(self, unit: Unit, grace: float) -> None:
        # After a restart its time begins again: nobody knows for how long it has drained.
        by = self._leave_by.setdefault(unit.life, time.monotonic() + grace)
        if not unit.runs:
            await self._ask(self._engine.clear, unit)
        elif time.monotonic() >= by:
            telemetry.emit("worker_container_out_of_time", level="warning", worker=unit.name)
            await self._ask(self._engine.kill, unit)

    async def _approach(self, count: int) -> None:
        there = await self._ask(self._engine.scale, count)
        # A newer order may have come meanwhile.
        if there and self._wanted == count:
            self._wanted = None

    async def _look(self) -> Sequence[Unit]:
        began = time.monotonic()
        units = await self._ask(self._engine.look)
        before, self._seen = self._seen, units
        # Whatever is there now, this process was there when the look before began: what it left behind is meant.
        for old in [old for old in before if old.life not in self._killed]:
            for end in ends([old], units):
                self.exits.note(end, self._seen_at)
                telemetry.emit("worker_container_ended", worker=end.name, code=end.code, ordered=end.ordered)
        lives = {unit.life for unit in units}
        self._killed &= lives
        self._leave_by = {life: by for life, by in self._leave_by.items() if life in lives}
        self._seen_at = began
        if before != units:
            self.changed.set()
        return units

    async def _ask(self, call: Callable[..., T], *arguments: object) -> T:
        try:
            async with self._one_at_a_time, asyncio.timeout(CALL_SECONDS):
                return await asyncio.to_thread(call, *arguments)
        except TimeoutError as error:
            raise EngineUnavailable(f"the engine did not answer within {CALL_SECONDS:.0f} s") from error
