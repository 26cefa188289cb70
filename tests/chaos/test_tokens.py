"""What the handlers of the chaos suite write down of their leases is true."""

import pytest

from cluster.core.outcome import Outcome
from cluster.worker.invoke import Prepared
from cluster.worker.registry import Handler
from cluster.worker.run import Run
from tests.chaos import tokens


async def test_a_handler_knows_the_token_of_the_lease_it_runs_under(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Prepared, "run", Prepared.run)
    tokens.install()
    told: list[Outcome] = []

    async def handler() -> int | None:
        return tokens.current()

    prepared = Prepared(Handler("told", handler))
    await prepared.run(
        Run(b"0" * 16, 4711, "told", b"", 1), lambda *_: None, lambda _run, outcome: told.append(outcome)
    )
    assert [outcome.result for outcome in told] == [b"4711"]
