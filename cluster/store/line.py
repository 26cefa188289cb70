"""One connection: it gives up what is not answered, notices its own death, and tells of outages once.

A statement may hang although TCP is content: a frozen server, or a middlebox that acknowledges and swallows. Then
neither keepalives nor timeouts of the server help, so each wait for an answer is bounded here. What is given up costs
the connection: nobody knows any more which answer would come next on it.
"""

import asyncio
import contextlib
import random
import select
import time
from typing import Any, TypeVar

import psycopg
from psycopg import waiting
from psycopg.abc import PQGen

from cluster.runtime import telemetry
from cluster.store import arrays

T = TypeVar("T")

CANCEL_SECONDS = 1.0
"""How long we try to tell the server that nobody waits any more."""
SPREAD = 0.5
"""Seconds over which processes that lost PostgreSQL at one moment spread their dialling."""


class Outage:
    """Tells once that PostgreSQL cannot be reached, and once that it can. State: since when it cannot, tries since."""

    def __init__(self) -> None:
        self._since: float | None = None
        self._tries = 0

    def __repr__(self) -> str:
        return f"<Outage since={self._since} tries={self._tries}>"

    async def pause(self) -> None:
        """Before dialling: nothing, or during an outage a moment of one's own."""
        if self._since is not None:
            await asyncio.sleep(random.random() * SPREAD)  # noqa: S311 - it spreads tries, it guards nothing

    def failed(self, error: psycopg.Error) -> None:
        """A try to connect failed."""
        self._tries += 1
        if self._since is None:
            self._since = time.monotonic()
            telemetry.emit("postgresql_unreachable", level="warning", error=" ".join(str(error).split()))
        else:
            telemetry.tally("postgresql_unreachable")

    def ended(self) -> None:
        """A connection was made."""
        if self._since is not None:
            seconds = round(time.monotonic() - self._since, 3)
            telemetry.emit("postgresql_reached", after_seconds=seconds, tries=self._tries)
            self._since, self._tries = None, 0


class Line(psycopg.AsyncConnection[tuple[object, ...]]):
    """A connection whose statements are answered within `patience` seconds, or never. State: that number."""

    patience: float | None = None

    @classmethod
    async def connect(cls, conninfo: str = "", **parameters: Any) -> "Line":
        """As psycopg's, and `outage` (told how it went) and `patience` (None: no bound) are ours."""
        outage, patience = parameters.pop("outage"), parameters.pop("patience")
        await outage.pause()
        try:
            line = await super().connect(conninfo, **parameters)
        except psycopg.Error as error:
            outage.failed(error)
            raise
        except Exception as error:
            # The pool would only warn, and its warnings are not heard (see runtime.telemetry).
            telemetry.emit("connect_failed", level="error", error=str(error), exc_info=error)
            raise
        outage.ended()
        line.patience = patience
        arrays.register(line)
        return line

    @property
    def dead(self) -> bool:
        """Whether the server hung up while nobody used it: it has something to say and was not asked."""
        if self.closed:
            return True
        # Not select(): it knows no descriptor above 1023.
        poll = select.poll()
        poll.register(self.pgconn.socket, select.POLLIN)
        return bool(poll.poll(0))

    async def wait(self, gen: PQGen[T], interval: float = 0.1, *_: Any, **__: Any) -> T:
        """Every wait for the server goes through here. Raises OperationalError when it takes longer than `patience`."""
        try:
            async with asyncio.timeout(self.patience):
                return await waiting.wait_async(gen, self.pgconn.socket, interval=interval)
        except TimeoutError:
            telemetry.emit("statement_given_up", level="warning", after_seconds=self.patience)
            await self._give_up()
            raise psycopg.OperationalError(
                f"no answer within {self.patience:g} s; the connection is given up"
            ) from None
        except asyncio.CancelledError:
            await self._give_up()
            raise

    async def _give_up(self) -> None:
        try:
            # A backend that waits for a lock or for its standby would not notice that we are gone, and those that are
            # given up would use up the server's connections.
            with contextlib.suppress(psycopg.Error):
                await self.cancel_safe(timeout=CANCEL_SECONDS)
        finally:
            self.pgconn.finish()
