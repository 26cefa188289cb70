"""Which batches of a worker are settled: all up to a number, but for some that others have overtaken."""

from collections import Counter


class Settling:
    """A batch may be told twice, on two streams; it is settled when both are.

    State: how far it has got, and how often each batch that is not settled was told. Bounded by what is read of the
    worker, and by the leases of its session.
    """

    def __init__(self) -> None:
        self.through = 0
        self._open: Counter[int] = Counter()

    def __repr__(self) -> str:
        return f"<Settling through={self.through} open={len(self._open)}>"

    def begin(self, sequence: int) -> None:
        self._open[sequence] += 1

    def end(self, sequence: int) -> None:
        self.through = max(self.through, sequence)
        self._open[sequence] -= 1
        if not self._open[sequence]:
            del self._open[sequence]

    @property
    def overtaken(self) -> tuple[int, ...]:
        """Those that are not settled, though a later one is: rows that they are to be written to are locked."""
        return tuple(sequence for sequence in self._open if sequence <= self.through)

    def under_way(self, most: int) -> bool:
        """Whether at least `most` batches wait for nothing but their turn."""
        return len(self._open) >= most and len(self._open) - len(self.overtaken) >= most
