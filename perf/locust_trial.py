"""From the first request of a test to its verdict, whether Locust runs in one process or in many.

With --processes or --worker the users are in other processes than the check: their reports bring what they saw, and
when the test ends each settles: it stops its users and hands over the rest, so that nothing that was acknowledged
escapes the check.
"""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gevent
from locust.env import Environment
from locust.rpc import Message
from locust.runners import MasterRunner, WorkerRunner
from locust.stats import StatsEntry
from locust_accounts import LOOKUP_TASKS, Accounts, Lookup, settled
from locust_ledger import Ledger, Outbox
from locust_verdict import Figures, Limits, Verdict, problems

SETTLE, SETTLED, REPORT = "taskmaster-settle", "taskmaster-settled", "taskmaster"
SETTLE_SECONDS = 30.0
COLLECT_SECONDS = 1.0
log = logging.getLogger("taskmaster")
# It would tell every look-up of the check.
logging.getLogger("httpx").setLevel(logging.WARNING)


class Courier:
    """In a Locust worker: brings what its users saw to the master. State: none."""

    def __init__(self, runner: WorkerRunner, outbox: Outbox) -> None:
        self._runner, self._outbox = runner, outbox
        hooks = runner.environment.events
        hooks.report_to_master.add_listener(self.report)
        hooks.test_stop.add_listener(self.hand_over)
        # Before Locust says good-bye to the master, who listens to nobody after that.
        hooks.quitting.add_listener(self.settle)
        runner.register_message(SETTLE, self.settle)

    def report(self, data: dict[str, Any], **_: Any) -> None:
        data[REPORT] = self._outbox.take()

    def settle(self, **_: Any) -> None:
        """Stop the users, if they are not stopped yet: nothing may be acknowledged after this."""
        self._runner.stop()

    def hand_over(self, **_: Any) -> None:
        self._runner.send_message(SETTLED, self._outbox.take())


class Trial:
    """In the only process, or in the master: one test after another.

    State: the ledger, whether there was a test, which workers took part and which of them have settled, how many tasks
    were completed before, and the accounts of the last test if it was checked to its end.
    """

    def __init__(self, environment: Environment, outbox: Outbox) -> None:
        self._environment, self._options = environment, environment.parsed_options
        self._outbox, self._ledger = outbox, Ledger()
        self._present: set[str] = set()
        self._settled: set[str] = set()
        self._started = False
        self._completed = 0
        self._accounts: Accounts | None = None
        self._collector = gevent.spawn(self._collect)
        environment.events.test_start.add_listener(self.start)
        environment.events.test_stop.add_listener(self.stop)
        environment.events.quitting.add_listener(self.quit)
        if isinstance(environment.runner, MasterRunner):
            environment.events.worker_report.add_listener(self.reported)
            environment.runner.register_message(SETTLED, self.settled)

    def start(self, **_: Any) -> None:
        self._started = True
        self._ledger.clear()
        self._outbox.take()
        self._present.clear()
        self._settled.clear()
        self._accounts = None
        lookup = Lookup(self._environment.host)
        self._completed = lookup.completed()
        lookup.close()

    def reported(self, client_id: str, data: dict[str, Any]) -> None:
        self._present.add(client_id)
        self._ledger.enter(data[REPORT])

    def settled(self, msg: Message, **_: Any) -> None:
        self._present.add(msg.node_id)
        self._settled.add(msg.node_id)
        self._ledger.enter(msg.data)

    def stop(self, **_: Any) -> None:
        """The load is over: check. Headless, Locust writes its report only after this."""
        self._settle_workers()
        self._ledger.enter(self._outbox.take())
        log.info("%s tasks were acknowledged; are they finished?", f"{len(self._ledger):,}")
        self._accounts = self._account()
        verdict = self._verdict(self._accounts)
        found = self._accounts
        log.info("%s of %s are, found in %.1f s", f"{found.finished:,}", f"{found.acknowledged:,}", found.seconds)
        for problem in verdict.problems:
            log.error("%s", problem)

    def quit(self, **_: Any) -> None:
        """Locust's last moment, after Ctrl-C too: the exit code. Without a test there is none of ours."""
        # Quit, not stop: the workers' last figures come with it.
        self._environment.runner.quit()
        self._collector.kill()
        if self._started:
            # Locust goes on when a listener fails.
            self._environment.process_exit_code = 1
            verdict = self._verdict(self._accounts)
            if self._options.verdict:
                Path(self._options.verdict).write_bytes(verdict.document())
            self._environment.process_exit_code = 1 if verdict.problems else 0
        self._ledger.close()

    def _collect(self) -> None:
        while True:
            gevent.sleep(COLLECT_SECONDS)
            self._ledger.enter(self._outbox.take())

    def _settle_workers(self) -> None:
        runner = self._environment.runner
        if not isinstance(runner, MasterRunner):
            return
        runner.send_message(SETTLE)
        with gevent.Timeout(SETTLE_SECONDS, False):
            while (self._present & set(runner.clients)) - self._settled:
                gevent.sleep(0.05)

    def _account(self) -> Accounts:
        lookup = Lookup(self._environment.host)
        accounts = settled(self._ledger.blocks(LOOKUP_TASKS), lookup.statuses, self._options.patience)
        accounts.rise = lookup.completed() - self._completed
        lookup.close()
        return accounts

    def _verdict(self, accounts: Accounts | None) -> Verdict:
        stats = self._environment.runner.stats
        figures = [_figures(entry) for _, entry in sorted(stats.entries.items())]
        verdict = Verdict(figures, accounts or Accounts(), dict(self._ledger.seen), list(self._errors()))
        limits = Limits(self._options.p99, self._options.fail_ratio)
        verdict.problems = [*problems(verdict, limits)]
        return verdict

    def _errors(self) -> Iterator[str]:
        if self._accounts is None:
            yield "the check did not come to its end, see above"
        for worker in sorted(self._present - self._settled):
            yield f"the Locust worker {worker} did not hand over what its users saw"
        for raised in self._environment.runner.exceptions.values():
            yield f"users raised {raised['count']} times: {raised['msg']}"


def _figures(entry: StatsEntry) -> Figures:
    p50, p95, p99 = (float(entry.get_response_time_percentile(share) or 0) for share in (0.5, 0.95, 0.99))
    kind = f"{entry.method} {entry.name}"
    return Figures(kind, entry.num_requests, entry.num_failures, entry.total_rps, p50, p95, p99)
