"""One event loop per process: uvloop where it is installed, asyncio where TASKMASTER_LOOP says so."""

import asyncio
import os
from collections.abc import Coroutine
from typing import Any, TypeVar

from cluster.core.errors import SettingsError

try:
    import uvloop
except ImportError:  # Windows has none
    uvloop = None

T = TypeVar("T")


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run `main` to its end on the event loop that TASKMASTER_LOOP names (uvloop, asyncio)."""
    wanted = os.environ.get("TASKMASTER_LOOP") or ("uvloop" if uvloop else "asyncio")
    if wanted not in {"uvloop", "asyncio"} or (wanted == "uvloop" and uvloop is None):
        main.close()
        raise SettingsError(f"TASKMASTER_LOOP={wanted!r} must be asyncio" + (" or uvloop" if uvloop else "; uvloop is not installed"))
    factory = uvloop.new_event_loop if wanted == "uvloop" else None
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(main)
