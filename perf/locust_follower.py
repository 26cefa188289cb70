"""What a client of /api/logs/stream can know: whether it was told everything, in order, across its reconnections."""

from collections import Counter

_ID, _RESET = b"id: ", b"event: reset"


class Follower:
    """State: the id of the last event, and the beginning of a frame."""

    def __init__(self, seen: Counter[str]) -> None:
        """`seen`: where it counts events, missed and repeated ones, resets and connections."""
        self.last = ""
        self.seen = seen
        self._rest = b""

    def connected(self) -> None:
        """A new connection begins; what was cut off of the last one is told again."""
        self._rest = b""
        self.seen["connections"] += 1

    def read(self, chunk: bytes) -> list[str]:
        """What is wrong with the frames that this chunk completes: usually nothing."""
        *frames, self._rest = (self._rest + chunk).split(b"\n\n")
        return [wrong for frame in frames if (wrong := self._frame(frame))]

    def _frame(self, frame: bytes) -> str:
        if _RESET in frame:
            # Legal: an edge that restarted, a client that was away or slow. The backlog follows.
            self.seen["resets"] += 1
            self.last = ""
        if not frame.startswith(_ID):
            return ""
        before, self.last = self.last, frame[len(_ID) : frame.index(b"\n")].decode()
        self.seen["events"] += 1
        return self._compared(before, self.last) if before else ""

    def _compared(self, before: str, after: str) -> str:
        boot, number = _parts(before)
        boot_after, number_after = _parts(after)
        if boot != boot_after:
            return f"{after} follows {before} without a reset"
        missed = number_after - number - 1
        if missed:
            self.seen["missed" if missed > 0 else "repeated"] += abs(missed)
            return f"{missed} events were left out" if missed > 0 else "an event was told twice"
        return ""


def _parts(event_id: str) -> tuple[str, int]:
    boot, _, number = event_id.partition("-")
    return boot, int(number)
