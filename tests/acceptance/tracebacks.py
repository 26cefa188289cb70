"""Tracebacks in what a program wrote, each as whoever reads a failed test wants it: what it says first."""

import json
from collections.abc import Iterator
from pathlib import Path

TRACEBACK = "Traceback (most recent call last)"


def tracebacks_in(path: Path) -> list[str]:
    """Each traceback in that file: a line that says where and what, then all of it."""
    lines = path.read_text(errors="replace").splitlines()
    blocks = (_block(lines, number) for number, line in enumerate(lines) if TRACEBACK in line)
    return [f"{_gist(block[-1])}, in {path.name}\n" + "\n".join(block) for block in blocks]


def _block(lines: list[str], number: int) -> list[str]:
    """A line of JSON has it in a field; anything else goes on until a line that is not indented, which says what."""
    if lines[number].startswith("{"):
        return list(_spread(lines[number]))
    end = next((at for at in range(number + 1, len(lines)) if not lines[at].startswith(" ")), len(lines) - 1)
    return lines[max(0, number - 1) : end + 1]


def _spread(line: str) -> Iterator[str]:
    fields = json.loads(line)
    texts = [value for value in fields.values() if isinstance(value, str) and TRACEBACK in value]
    yield json.dumps({name: value for name, value in fields.items() if value not in texts})
    for text in texts:
        yield from text.strip().splitlines()


def _gist(line: str) -> str:
    return line.strip()[:300]
