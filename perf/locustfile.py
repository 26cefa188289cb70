"""Load over HTTP on a running cluster, and at its end a check that every acknowledged task is finished.

    locust -f perf/locustfile.py --host http://127.0.0.1:8081               # with Locust's page at http://localhost:8089
    locust -f perf/locustfile.py --host http://127.0.0.1:8081 --headless --shape spike --p99 250

`nox -s locust` starts a cluster for it. Our options are in locust_options.py, and on Locust's page; Locust prints its
--help before it has read this file, ours are in `nox -s locust -- --help`. A headless run ends with 1 when
a task is missing or failed, a watcher was not told something, or a limit is exceeded; on Locust's page the check runs
when the test is stopped, and says in the log what it found. Users: locust_users.py; shapes: locust_shapes.py; the
check: locust_trial.py.
"""

from typing import Any

from locust import LoadTestShape, events
from locust.argument_parser import LocustArgumentParser
from locust.env import Environment
from locust.runners import WorkerRunner
from locust_ledger import Outbox
from locust_options import add_options
from locust_shapes import SHAPES
from locust_trial import Courier, Trial
from locust_users import BatchPoster, Member, Reader, SinglePoster, Watcher

__all__ = ["BatchPoster", "Chosen", "Reader", "SinglePoster", "Watcher"]

SPAWN_RATE = 100.0


@events.init_command_line_parser.add_listener
def take_options(parser: LocustArgumentParser) -> None:
    """Locust shows them on its page, too."""
    add_options(parser.add_argument)
    parser.add_argument(
        "--verdict", default="", include_in_web_ui=False, help="write what was found to this file (JSON)"
    )


class Chosen(LoadTestShape):
    """The shape that --shape, or Locust's page, names."""

    use_common_options = True

    def tick(self) -> tuple[int, float] | None:
        options = self.runner.environment.parsed_options
        shape = SHAPES[options.shape]
        users = shape.users_at(self.get_run_time(), options.num_users, options.run_time or shape.seconds)
        return None if users is None else (users, options.spawn_rate)


@events.init.add_listener
def begin(environment: Environment, **_: Any) -> None:
    """An Outbox for each process with users, one Trial where their figures come together."""
    Member.outbox = Outbox()
    if isinstance(environment.runner, WorkerRunner):
        Courier(environment.runner, Member.outbox)
        return
    options = environment.parsed_options
    # Before Locust fills in its own: one user.
    options.num_users = options.num_users or SHAPES[options.shape].users
    options.spawn_rate = options.spawn_rate or SPAWN_RATE
    Trial(environment, Member.outbox)
