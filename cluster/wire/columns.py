"""Columns of a message: entry i of every column speaks of item i.

A column has an entry for each item, or one that holds for all of them, or none: the default for all. What comes from
the wire may break that rule; then a ValueError says how.
"""

from collections.abc import Iterable, Sequence
from typing import TypeVar

T = TypeVar("T")

ID_BYTES = 16


def split_ids(packed: bytes) -> list[bytes]:
    """The 16-byte ids that were put one behind the other. Raises ValueError when the last one is not whole."""
    if len(packed) % ID_BYTES:
        raise ValueError(f"{len(packed)} bytes are no whole number of ids of {ID_BYTES} bytes")
    return [packed[at : at + ID_BYTES] for at in range(0, len(packed), ID_BYTES)]


def squeezed(values: Sequence[T]) -> Sequence[T]:
    """The shortest column that says the same: one entry if all are equal."""
    return values[:1] if values and values.count(values[0]) == len(values) else values


def spread(column: Iterable[T], count: int, default: T) -> Sequence[T]:
    """An entry for each of `count` items. Raises ValueError when the column has another number of entries."""
    entries = list(column)
    if len(entries) == count:
        return entries
    if len(entries) > 1:
        raise ValueError(f"a column has {len(entries)} entries for {count} items")
    return (entries or [default]) * count
