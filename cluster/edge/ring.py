"""The last so many events in memory, each encoded once: a ring of frames that are numbered for ever."""

from collections.abc import Sequence


class Ring:
    """Frames `first` to `next - 1` are here, older ones are gone. State: the frames, and the number of the next one."""

    def __init__(self, size: int) -> None:
        self._frames: list[bytes] = [b""] * size
        self.next = 1

    def __repr__(self) -> str:
        return f"<Ring {self.first}..{self.next - 1}>"

    def __len__(self) -> int:
        return self.next - self.first

    @property
    def first(self) -> int:
        return max(1, self.next - len(self._frames))

    def append(self, frame: bytes) -> None:
        self._frames[self.next % len(self._frames)] = frame
        self.next += 1

    def since(self, number: int, most: int) -> Sequence[bytes] | None:
        """At most `most` frames beginning with `number`; None when that one is gone, or was never here."""
        if not self.first <= number <= self.next:
            return None
        begin = number % len(self._frames)
        count = min(most, self.next - number)
        return self._frames[begin : begin + count] + self._frames[: max(0, begin + count - len(self._frames))]
