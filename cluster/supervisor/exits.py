"""Ends of workers, told to a coordinator at once: it need not wait until a redial is refused.

A report that was written may still be lost with the coordinator that read it. So each stream is told the ends of the
last KEPT_SECONDS; to hear of one twice changes nothing, for the session it speaks of is over.
"""

import time
from collections import deque
from dataclasses import dataclass

from cluster.wire import taskmaster_pb2 as wire

KEPT_SECONDS = 60.0
"""By then the session has expired by itself, and the kernel has not given the pid to another process."""
KEPT = 1000


@dataclass(frozen=True, slots=True)
class Exit:
    """How a worker ended: its exit code, or minus the signal. `ordered`: it was told to end, or killed by order, so
    whatever it ran is not to blame.

    `pid`: 0 = not known, for it ran in a container; then `host` is the name of that.
    """

    name: str
    pid: int
    code: int
    ordered: bool
    host: str = ""


@dataclass(slots=True, eq=False)
class _Kept:
    message: wire.ChildExit
    at: float
    told: bool = False


class Exits:
    """State: the ends of the last KEPT_SECONDS, at most KEPT, oldest first, and which of them this stream was told."""

    def __init__(self) -> None:
        self._kept: deque[_Kept] = deque(maxlen=KEPT)

    def __repr__(self) -> str:
        return f"<Exits kept={len(self._kept)} untold={sum(not kept.told for kept in self._kept)}>"

    def note(self, exit_: Exit, at: float | None = None) -> None:
        """`at`: when it was surely there yet, by the monotonic clock; nothing = now."""
        message = wire.ChildExit(
            name=exit_.name, pid=exit_.pid, code=exit_.code, ordered=exit_.ordered, host=exit_.host
        )
        self._kept.append(_Kept(message, time.monotonic() if at is None else at))

    def untold(self) -> list[wire.ChildExit]:
        """What this stream has not been told yet."""
        now = time.monotonic()
        while self._kept and self._kept[0].at < now - KEPT_SECONDS:
            self._kept.popleft()
        untold = [kept for kept in self._kept if not kept.told]
        for kept in untold:
            kept.message.ago_milliseconds = round((now - kept.at) * 1000)
        return [kept.message for kept in untold]

    def told(self, messages: list[wire.ChildExit]) -> None:
        for kept in self._kept:
            kept.told |= any(kept.message is message for message in messages)

    def again(self) -> None:
        """A stream begins: whoever is at its other end has heard nothing yet."""
        for kept in self._kept:
            kept.told = False
