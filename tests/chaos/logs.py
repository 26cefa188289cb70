"""What the programs logged that nobody expects: an error with a traceback is a mistake in the program, whatever was
done to it. Pure, but for reading the file."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

TRACEBACK = "Traceback (most recent call last)"
LAST_LINE = 200


def unexpected_in(path: Path) -> list[str]:
    """One line for each kind of mistake, the most frequent first."""
    with path.open(encoding="utf-8", errors="replace") as lines:
        return [f"{kind} ({count} times)" for kind, count in Counter(unexpected(lines)).most_common()]


def unexpected(lines: Iterable[str]) -> Iterator[str]:
    """Who said what: role, event, and the last line of the traceback."""
    for line in lines:
        if TRACEBACK not in line:
            continue
        try:
            told = msgspec.json.decode(line, type=dict[str, object])
        except msgspec.DecodeError:
            # What no logger wrote: an interpreter that died of it.
            yield line.strip()[:LAST_LINE]
            continue
        last = str(told.get("exception", "")).rstrip().splitlines()[-1:]
        said = " ".join(str(told[name]) for name in ("role", "loop", "event") if name in told)
        yield f"{said}: {''.join(last)}"[:LAST_LINE]
