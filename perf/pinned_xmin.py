"""What a transaction that somebody holds open costs: `python perf/pinned_xmin.py [--tasks 300000] [--json OUT]`.

Tasks are claimed and finished in batches of 500 over one connection, in a database of its own on the server of
DATABASE_URL, else on an embedded one. Four times: as they come or on from floors (cluster/store/floors.py), and each
without and with a snapshot that was taken before and lasts to the end, so that no dead row can be cleared away.

rate     tasks claimed and finished per second
claim    ms of a claim, the first tenth of them and the last
buffers  pages of `tasks` and its indexes that a batch touched, likewise
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

from rich.console import Console
from rich.table import Table

from cluster.cli.bench.server import Database, bench_server, scratch
from cluster.core.new_task import NewTask
from cluster.core.task import State
from cluster.runtime.ids import new_id
from cluster.runtime.settings import Settings
from cluster.store.enqueue import enqueue
from cluster.store.floors import Floors, claim_onward
from cluster.store.leases import Finished, LeasedTask, Slots, claim, finish
from cluster.store.pool import Connection, connected

BATCH = 500
SLOTS = Slots([0] * BATCH, [1], ["w"])

Claim = Callable[[Connection], Awaitable[list[LeasedTask]]]


@dataclass(frozen=True, slots=True)
class Figures:
    """Of the first tenth of the batches, and of the last."""

    rate: float
    claim_ms: tuple[float, float]
    buffers: tuple[float, float]


async def drained(database: Database, tasks: int, take: Claim) -> Figures:
    async with connected(database.pool) as connection:
        for _ in range(0, tasks, BATCH):
            await enqueue(connection, [NewTask(new_id(), "noop") for _ in range(BATCH)])
        claims, buffers = list[float](), [await touched(connection)]
        began = time.perf_counter()
        while True:
            asked = time.perf_counter()
            leases = await take(connection)
            claims.append((time.perf_counter() - asked) * 1000)
            if not leases:
                break
            await finish(connection, [_done(lease) for lease in leases])
            buffers.append(await touched(connection))
        seconds = time.perf_counter() - began
    tenth = max(1, len(claims) // 10)
    each = [after - before for before, after in pairwise(buffers)]
    return Figures(
        tasks / seconds,
        (statistics.median(claims[:tenth]), statistics.median(claims[-tenth - 1 : -1])),
        (statistics.median(each[:tenth]), statistics.median(each[-tenth:])),
    )


def _done(lease: LeasedTask) -> Finished:
    return Finished(lease.key, lease.lease_token, State.COMPLETE, 100, 50, None, None)


async def touched(connection: Connection) -> int:
    """Pages of `tasks` and its indexes that were touched so far."""
    await connection.execute("SELECT pg_stat_force_next_flush()")
    query = (
        "SELECT heap_blks_hit + heap_blks_read + idx_blks_hit + idx_blks_read "
        "FROM pg_statio_user_tables WHERE relname = 'tasks'"
    )
    [(pages,)] = await (await connection.execute(query)).fetchall()
    return int(str(pages))


@asynccontextmanager
async def held_open(database: Database, wanted: bool) -> AsyncIterator[None]:
    """Somebody's transaction, which has read something and is in no hurry."""
    if not wanted:
        yield
        return
    async with connected(database.pool) as connection:
        await connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        await connection.execute("SELECT count(*) FROM sessions")
        yield
        await connection.execute("ROLLBACK")


async def run(tasks: int, console: Console) -> dict[str, Figures]:
    figures = {}
    async with bench_server(Settings.from_env(os.environ)) as server:
        for name, pinned in (("as they come", False), ("as they come", True), ("floors", False), ("floors", True)):
            floors = Floors()
            takes: dict[str, Claim] = {
                "as they come": lambda connection: claim(connection, SLOTS, LeasedTask),
                "floors": lambda connection, floors=floors: claim_onward(connection, SLOTS, LeasedTask, floors),
            }
            title = f"{name}, pinned" if pinned else name
            async with scratch(server) as database, held_open(database, pinned):
                with console.status(title):
                    figures[title] = await drained(database, tasks, takes[name])
    return figures


def shown(figures: dict[str, Figures]) -> Table:
    table = Table()
    for column in ("claims", "rate", "claim first", "last", "buffers first", "last"):
        table.add_column(column, justify="left" if column == "claims" else "right")
    for name, of in figures.items():
        table.add_row(
            name, f"{of.rate:,.0f}/s", *(f"{ms:.1f} ms" for ms in of.claim_ms), *(f"{n:,.0f}" for n in of.buffers)
        )
    return table


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", type=int, default=300_000, metavar="N")
    parser.add_argument("--json", type=Path, metavar="OUT")
    options = parser.parse_args()
    console = Console()
    figures = asyncio.run(run(options.tasks, console))
    console.print(shown(figures))
    if options.json:
        options.json.write_text(json.dumps({name: asdict(of) for name, of in figures.items()}, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
