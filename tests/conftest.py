"""Fixtures for every test. What needs PostgreSQL asks for `database_url`, `pool` or `conn`."""

from tests.fixtures.loop import pytest_asyncio_loop_factories
from tests.fixtures.postgres import conn, database_url, pool, postgres, postgres_home, template

__all__ = ["conn", "database_url", "pool", "postgres", "postgres_home", "pytest_asyncio_loop_factories", "template"]
