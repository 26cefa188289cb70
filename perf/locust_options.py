"""The options of the load test, for Locust and for `python perf/locust_run.py --help`; without Locust's imports."""

from collections.abc import Callable
from typing import Any

from locust_shapes import SHAPES


def add_options(add: Callable[..., Any]) -> None:
    """`add`: the add_argument of a parser."""
    add(
        "--shape", choices=list(SHAPES), default="steady",
        help="steady (until stopped), ramp (ten steps up), spike (calm, all at once, calm) or soak (an hour, with "
        "lulls); --users and --run-time say how many users and how long (default: steady)",
    )  # fmt: skip
    add("--task", default="noop", help="the command of every task (default: noop)")
    add("--batch", type=int, default=100, help="tasks in a batch; each BatchPoster posts one a second (default: 100)")
    add("--rate", type=float, default=0.0, help="posts a second of each SinglePoster (default: as fast as it goes)")
    add("--p99", type=float, default=0.0, help="milliseconds: more, of any kind of request, is an error (default: any)")
    add("--fail-ratio", type=float, default=0.0, help="share of requests that may fail (default: none)")
    add("--patience", type=float, default=120.0, help="seconds to wait for tasks when the load is over (default: 120)")
