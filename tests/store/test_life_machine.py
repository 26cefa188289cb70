"""Any sequence of calls into the store leaves the tables as a model in plain Python says; and a broken rule is found.

Longer: `HYPOTHESIS_PROFILE=thorough pytest tests/store/test_life_machine.py`.
"""

from collections.abc import Iterator

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from cluster.store import statements
from tests.store.life_machine import LifeOfTasks
from tests.store.life_tables import Database, opened


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with opened(database_url) as database:
        yield database


@pytest.mark.timeout(3600)
def test_the_tables_always_are_what_the_model_says(database: Database) -> None:
    examples = max(1, settings.default.max_examples * 2 // 5)
    run_state_machine_as_test(lambda: LifeOfTasks(database), settings=settings(max_examples=examples))


BROKEN = {
    "an outcome needs no token": (
        "finish",
        "AND t.lease_token = (SELECT :tokens::bigint[])[width_bucket(t.id, (SELECT :ids::uuid[]))]",
        "",
    ),
    "a retry leaves the token": ("retry", "session_id = NULL, lease_token = NULL,", "session_id = NULL,"),
    "a rescue counts the attempt": ("rescue", "attempt = greatest(t.attempt - 1, 0)", "attempt = t.attempt"),
    "a cancelled task keeps its token": (
        "task_cancel",
        "session_id, NULL, timeout_ms, 12",
        "session_id, lease_token, timeout_ms, 12",
    ),
    "a task that runs again stays in history": (
        "task_retry",
        "DELETE FROM task_history WHERE id = ANY (ARRAY(SELECT id FROM again)) RETURNING id, state, command",
        "SELECT id, state, command FROM task_history WHERE id = ANY (ARRAY(SELECT id FROM again))",
    ),
    "an outcome is noted as stale again": ("note_stale", "NOT is_told(h.attempts", "NOT is_told(NULL"),
}
"""What is broken: the statement, what is right in it, and what takes its place."""


@pytest.mark.parametrize("name", BROKEN)
def test_the_machine_finds_a_broken_rule(database_url: str, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    file, right, wrong = BROKEN[name]
    translate = statements.for_psycopg

    def broken(text: str) -> str:
        if not text.startswith(f"-- {file}:"):
            return translate(text)
        assert right in text, f"{file}.sql has changed: break it another way"
        return translate(text.replace(right, wrong))

    monkeypatch.setattr(statements, "for_psycopg", broken)
    statements.statement.cache_clear()
    try:
        with opened(database_url) as database, pytest.raises(AssertionError):
            run_state_machine_as_test(lambda: LifeOfTasks(database), settings=_search())
    finally:
        statements.statement.cache_clear()


def _search() -> settings:
    """Enough to find what is broken; nobody reads the counter-example, so it need not be small."""
    return settings(
        max_examples=300, phases=[Phase.generate], derandomize=True, report_multiple_bugs=False, database=None
    )
