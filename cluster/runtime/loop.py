"""One event loop per process: uvloop, or asyncio's own where TASKMASTER_LOOP says so."""

import asyncio
import os
from collections.abc import Coroutine
from typing import Any, TypeVar

import uvloop

from cluster.core.errors import SettingsError

T = TypeVar("T")

FACTORIES = {"uvloop": uvloop.new_event_loop, "asyncio": asyncio.new_event_loop}


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run `main` to its end on the event loop that TASKMASTER_LOOP names (uvloop, asyncio)."""
    wanted = os.environ.get("TASKMASTER_LOOP") or "uvloop"
    if wanted not in FACTORIES:
        main.close()
        raise SettingsError(f"TASKMASTER_LOOP={wanted!r} must be one of: {', '.join(FACTORIES)}")
    with asyncio.Runner(loop_factory=FACTORIES[wanted]) as runner:
        return runner.run(main)
