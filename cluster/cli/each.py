"""The lines of --each: a file or stdin, ended by newlines or, for file names that hold newlines, by NUL."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import typer

from cluster.core.errors import InvalidTask

_CHUNK = 64 * 1024


@contextmanager
def opened(source: str) -> Iterator[BinaryIO]:
    """The file, or stdin for `-`."""
    if source == "-":
        yield sys.stdin.buffer
        return
    path = Path(source)
    if not path.exists() or path.is_dir() or not os.access(path, os.R_OK):
        raise typer.BadParameter(f"--each: {source!r} is not a file that can be read")
    with path.open("rb") as file:
        yield file


def lines(file: BinaryIO, *, end: bytes) -> Iterator[str]:
    """The lines without their ends; empty ones are left out. Raises InvalidTask for one that is not UTF-8."""
    for number, raw in enumerate(_split(file, end), start=1):
        line = raw.removesuffix(b"\r") if end == b"\n" else raw
        if not line:
            continue
        try:
            yield line.decode()
        except UnicodeDecodeError:
            raise InvalidTask(f"line {number} of --each is not UTF-8: {line[:80]!r}") from None


def _split(file: BinaryIO, end: bytes) -> Iterator[bytes]:
    rest = b""
    while chunk := file.read(_CHUNK):
        *whole, rest = (rest + chunk).split(end)
        yield from whole
    if rest:
        yield rest
