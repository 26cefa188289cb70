"""TaskMaster beside Celery, Dramatiq, Procrastinate, PgQueuer, Oban, awa, Graphile Worker and pg-boss, in one run.

`python perf/bench_peers.py [--tasks N] [--repeat R] [--only NAME,NAME …]` needs nothing that is running: PostgreSQL is
that of DATABASE_URL, else an embedded one; Redis that of REDIS_URL, else one that it starts. See peers/README.md.
"""

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from peers import PEERS
from peers.bench import MEASURES, Bench, Options
from peers.contract import Peer
from peers.measures import Extent
from rich.console import Console


def main() -> int:
    chosen = arguments()
    options = Options(
        peers=only(chosen.only),
        repeat=chosen.repeat,
        measures=tuple(chosen.measure),
        extent=Extent(
            tasks=chosen.tasks,
            fill_seconds=chosen.fill_seconds,
            drain_seconds=chosen.drain_seconds,
            singles=chosen.singles,
            recovery_seconds=chosen.recovery_seconds,
        ),
        json=chosen.json,
        markdown=chosen.markdown,
    )
    bench = Bench(options, Console())
    # What is started is ended where the blocks that started it are left: so end as Ctrl-C does, also in the background
    # of a script, where a shell has SIGINT ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        bench.install()
        if not chosen.install:
            asyncio.run(bench.run())
    except KeyboardInterrupt:
        return 130
    return 1 if bench.results.failures else 0


def only(names: str) -> tuple[Peer, ...]:
    """TaskMaster, to compare with, and those that are named; all when none is. SystemExit for an unknown name."""
    wanted = {name.strip() for name in names.split(",") if name.strip()}
    if unknown := wanted - {peer.name for peer in PEERS}:
        sys.exit(f"no such peer: {', '.join(sorted(unknown))}; there are {', '.join(peer.name for peer in PEERS)}")
    return tuple(peer for peer in PEERS if not wanted or peer.name in wanted or peer is PEERS[0])


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    extent = Extent()
    parser.add_argument("--tasks", type=int, default=extent.tasks, help="no-ops to enqueue and drain (%(default)s)")
    parser.add_argument("--repeat", type=int, default=3, help="times that everything is measured (%(default)s)")
    parser.add_argument("--only", default="", metavar="NAMES", help="these peers and TaskMaster; names with commas")
    parser.add_argument("--measure", nargs="+", choices=MEASURES, default=MEASURES, help="all of them by default")
    parser.add_argument("--fill-seconds", type=float, default=extent.fill_seconds, help="at most, for one enqueue")
    parser.add_argument("--drain-seconds", type=float, default=extent.drain_seconds, help="at most, for one drain")
    parser.add_argument("--singles", type=int, default=extent.singles, help="tasks that latency is measured with")
    parser.add_argument("--recovery-seconds", type=float, default=extent.recovery_seconds, help="wait at most")
    parser.add_argument("--json", type=Path, help="write every value to this file")
    parser.add_argument("--markdown", type=Path, help="write the tables to this file")
    parser.add_argument("--install", action="store_true", help="only make the environments")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
