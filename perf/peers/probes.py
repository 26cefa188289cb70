"""Reads what the programs note (see probe/probe.py)."""

import struct
from dataclasses import dataclass
from pathlib import Path

_TALLY = struct.Struct("=QQQ")


@dataclass(frozen=True, slots=True)
class Tally:
    """No-ops that began so far in all processes; when the first and the last did, in ns, 0 = none yet."""

    count: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Note:
    """`what` is arrived, begun or ended; `value` the time of posting or the task's number; `at` in ns."""

    what: str
    value: int
    at: int


def read_tally(folder: Path) -> Tally:
    raw = [path.read_bytes() for path in folder.glob("*.tally")]
    known = [one for one in (_TALLY.unpack(data) for data in raw if len(data) == _TALLY.size) if one[2]]
    return Tally(
        sum(count for _, _, count in known),
        min((first for first, _, _ in known), default=0),
        max((last for _, last, _ in known), default=0),
    )


def read_notes(folder: Path, what: str) -> list[Note]:
    """In the order of their times; a line that is only half written is left for the next time."""
    notes = [_note(line) for path in folder.glob("*.notes") for line in path.read_text().splitlines(keepends=True)]
    return sorted((note for note in notes if note is not None and note.what == what), key=lambda note: note.at)


def _note(line: str) -> Note | None:
    if not line.endswith("\n"):
        return None
    what, value, at = line.split()
    return Note(what, int(value), int(at))
