"""What a function returned or raised, as it is reported: JSON and text, cut at 16 KiB, without NUL."""

import math
import re
import traceback
from collections.abc import Iterator
from typing import Any

import msgspec

from cluster.core.errors import BadArguments, TaskFailed
from cluster.core.limits import REPORT_BYTES
from cluster.core.outcome import Cancelled, Failed, Outcome, Succeeded
from cluster.worker.wishes import Cancel, Retry

NOTHING = Succeeded()

_WISHES = (Retry, Cancel)
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
# The escape of a NUL, not a backslash that happens to stand before "u0000". PostgreSQL reads neither.
_NUL_ESCAPE = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")
_CUT_ROOM = 512
_HEAD_SHARE = 4


def returned(value: Any) -> Outcome:
    """The outcome of a function that returned `value`; Failed when that cannot be told as JSON."""
    if value is None:
        return NOTHING
    if isinstance(value, _WISHES):
        return _wished(value)
    try:
        encoded = msgspec.json.encode(value)
        # msgspec writes null for NaN and the infinities: what was computed would be gone without a word.
        if b"null" in encoded:
            _refuse_non_finite(msgspec.to_builtins(value))
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        return Failed(printable(f"the result cannot be told as JSON: {error}"), permanent=True)
    if b"\\u0000" in encoded:
        encoded = _NUL_ESCAPE.sub(rb"\1\\ufffd", encoded)
    return Succeeded(encoded if len(encoded) <= REPORT_BYTES else _cut_json(encoded))


def raised(error: BaseException) -> Outcome:
    """The outcome of a function that raised: what it wished, its traceback without our own frames, or the message
    where that is all.
    """
    if isinstance(error, _WISHES):
        return _wished(error)
    if isinstance(error, TaskFailed):
        return Failed(printable(error.detail), permanent=isinstance(error, BadArguments))
    lines = traceback.format_exception(type(error), error, error.__traceback__ and error.__traceback__.tb_next)
    return Failed(printable("".join(lines).rstrip()))


def printable(text: str) -> str:
    """`text` as UTF-8 and PostgreSQL can hold it, at most 16 KiB; what is cut is cut from the middle."""
    encoded = text.replace("\0", _REPLACEMENT).encode("utf-8", "backslashreplace")
    if len(encoded) <= REPORT_BYTES:
        return encoded.decode()
    head = REPORT_BYTES // _HEAD_SHARE
    tail = REPORT_BYTES - head - _CUT_ROOM
    cut = f"\n… {len(encoded) - head - tail} bytes cut …\n"
    return encoded[:head].decode(errors="ignore") + cut + encoded[-tail:].decode(errors="ignore")


def _cut_json(encoded: bytes) -> bytes:
    """Valid JSON that says what it is: the beginning of the result as a string, as much of it as fits."""
    room = REPORT_BYTES - _CUT_ROOM
    while True:
        beginning = encoded[:room].decode(errors="ignore")
        cut = msgspec.json.encode({"truncated": True, "bytes": len(encoded), "beginning": beginning})
        if len(cut) <= REPORT_BYTES:
            return cut
        # Quotes and backslashes double when they are quoted again.
        room -= len(cut) - REPORT_BYTES


def _wished(wish: Retry | Cancel) -> Outcome:
    match wish:
        case Retry():
            return Failed(printable(wish.reason or _why(wish)), retry_in=wish.seconds)
        case Cancel():
            return Cancelled(printable(wish.reason))


def _why(wish: Retry) -> str:
    """The error that was being handled when it was raised, if there was one, says more than nothing."""
    error = wish.__cause__ or wish.__context__
    said = "".join(traceback.format_exception_only(error)).rstrip() if error else ""
    return f"the task asked to be run again: {said}" if said else "the task asked to be run again"


def _refuse_non_finite(value: Any) -> None:
    for number, place in _floats(value, "result"):
        if not math.isfinite(number):
            raise ValueError(f"{place} is {number}, which JSON has no word for")


def _floats(value: Any, place: str) -> Iterator[tuple[float, str]]:
    if isinstance(value, float):
        yield value, place
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _floats(item, f"{place}[{key!r}]")
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _floats(item, f"{place}[{index}]")
