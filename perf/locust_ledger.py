"""Tasks that were acknowledged, 16 bytes each: in a file, for hours of load make millions of them.

Users write into the Outbox of their process. The Ledger is where the check reads: in the only process, or in the
master, to which each report of a Locust worker brings what was in its outbox.
"""

import tempfile
from collections import Counter, deque
from collections.abc import Iterator
from random import choice
from typing import Any
from uuid import UUID

ID_BYTES = 16
RECENT = 1_000


class Outbox:
    """State: ids that nobody has taken yet, what watchers saw since then, the last ids for whoever reads statuses."""

    def __init__(self) -> None:
        self.seen = Counter[str]()
        self._ids = bytearray()
        self._recent = deque[UUID](maxlen=RECENT)

    def add(self, task_ids: list[UUID]) -> None:
        for task_id in task_ids:
            self._ids += task_id.bytes
        self._recent.extend(task_ids)

    def take(self) -> dict[str, Any]:
        """What came since the last time, as a message that MessagePack carries."""
        taken = {"ids": bytes(self._ids), "seen": dict(self.seen)}
        self._ids.clear()
        self.seen.clear()
        return taken

    def any_recent(self) -> UUID | None:
        """One of the last acknowledged tasks; None when there is none yet."""
        return choice(self._recent) if self._recent else None  # noqa: S311


class Ledger:
    """All of a test. State: an anonymous file of ids, and what watchers saw."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the ledger
        self.seen = Counter[str]()

    def __len__(self) -> int:
        return self._file.seek(0, 2) // ID_BYTES

    def close(self) -> None:
        """It is gone then."""
        self._file.close()

    def enter(self, taken: dict[str, Any]) -> None:
        """What an Outbox gave."""
        self._file.seek(0, 2)
        self._file.write(taken["ids"])
        self.seen.update(taken["seen"])

    def clear(self) -> None:
        """For the next test of the same process."""
        self._file.truncate(0)
        self.seen.clear()

    def blocks(self, most: int) -> Iterator[list[UUID]]:
        """All ids in the order they came, at most so many at once."""
        for place in range(0, len(self), most):
            self._file.seek(place * ID_BYTES)
            ids = self._file.read(most * ID_BYTES)
            yield [UUID(bytes=ids[at : at + ID_BYTES]) for at in range(0, len(ids), ID_BYTES)]
