"""Fixtures for every test. What needs PostgreSQL asks for `database_url`, `pool` or `conn`."""

from tests.fixtures.hypotheses import choose_examples
from tests.fixtures.loop import pytest_asyncio_loop_factories
from tests.fixtures.patience import pytest_runtest_setup
from tests.fixtures.postgres import conn, database_url, pool, postgres, postgres_home, template
from tests.fixtures.signals import hear_signals

__all__ = [
    "conn",
    "database_url",
    "pool",
    "postgres",
    "postgres_home",
    "pytest_asyncio_loop_factories",
    "pytest_runtest_setup",
    "template",
]


def pytest_configure() -> None:
    hear_signals()
    choose_examples()
