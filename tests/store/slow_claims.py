"""Floors after claims that took too long."""

import time
from datetime import UTC, datetime, timedelta

from cluster.store.floors import IN_A_ROW, Floor, Floors, Look

LONG_AGO = datetime.now(UTC) - timedelta(hours=1)
FIRST = datetime(1970, 1, 1, tzinfo=UTC)
KEY = bytes(15) + b"\x01"


def begun(others: tuple[str, ...] = (), *, took: float = 1000.0) -> Floors:
    """Of claims that took very long, so that no claim goes back while a test runs."""
    floors = Floors()
    now = time.monotonic()
    looked(floors, now - took, now, others)
    floors.reached({100: Floor(FIRST, KEY)})
    while (look := floors.look(others, now)).depth is not None:
        floors.looked(Look(look.floors, look.depth, now - took), 0, now)
    return floors


def looked(floors: Floors, began: float, now: float, others: tuple[str, ...] = (), found: int | None = 0) -> None:
    """From the beginning, as often as it takes."""
    for _ in range(IN_A_ROW):
        floors.looked(floors.look(others, began), found, now)
