"""Migrations: applied once, by one at a time, and never on a schema that does not fit."""

import asyncio
from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest

from cluster.core.errors import CannotStart, SchemaMismatch, StoreUnavailable
from cluster.store.migrations import Migration, migrate, pending, shipped_migrations, wait_for_schema
from cluster.store.pool import Connection, create_pool
from cluster.supervisor.postgres.server import PostgresServer

OURS = (Migration(1, "0001_initial", "a"), Migration(2, "0002_more", "b"))


@pytest.fixture
def missing_url(postgres: PostgresServer) -> Iterator[str]:
    """A database that does not exist yet."""
    name = f'missing "{uuid4().hex[:8]}"'
    yield postgres.url(name)
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as admin:
        admin.execute(psycopg.sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(psycopg.sql.Identifier(name)))


async def test_the_first_run_creates_the_database_and_applies_everything(missing_url: str) -> None:
    applied = await migrate(missing_url, create_database=True)
    assert applied == [migration.name for migration in shipped_migrations()]


async def test_a_second_run_applies_nothing(database_url: str) -> None:
    assert await migrate(database_url, create_database=True) == []


async def test_runs_at_the_same_time_apply_everything_once(missing_url: str) -> None:
    runs = await asyncio.gather(*(migrate(missing_url, create_database=True) for _ in range(4)))
    assert sorted(name for run in runs for name in run) == [migration.name for migration in shipped_migrations()]


async def test_a_missing_database_is_only_created_when_that_is_allowed(missing_url: str) -> None:
    with pytest.raises(StoreUnavailable, match="does not exist"):
        await migrate(missing_url, create_database=False)


async def test_a_newer_schema_is_refused(conn: Connection, database_url: str) -> None:
    await conn.execute("INSERT INTO schema_migrations VALUES (9999, '9999_future', 'x')")
    with pytest.raises(SchemaMismatch, match=r"9999_future, newer than this TaskMaster \(0\d+_\w+\): upgrade"):
        await migrate(database_url, create_database=False)


async def test_an_edited_file_is_refused(conn: Connection, database_url: str) -> None:
    await conn.execute("UPDATE schema_migrations SET checksum = 'another' WHERE number = 1")
    with pytest.raises(SchemaMismatch, match=r"0001_initial\.sql was edited"):
        await migrate(database_url, create_database=False)


def test_what_is_pending_is_what_was_not_applied_in_order() -> None:
    assert pending(OURS, []) == list(OURS)
    assert pending(OURS, OURS[:1]) == [OURS[1]]
    assert pending(OURS, OURS) == []


def test_migrations_are_numbered_without_gaps() -> None:
    assert [migration.number for migration in shipped_migrations()] == list(range(1, len(shipped_migrations()) + 1))


async def test_waiting_for_the_schema_ends_when_it_is_current(database_url: str) -> None:
    await wait_for_schema(create_pool(database_url, role="test", size=1), 0)
    assert await migrate(database_url, create_database=False) == []


async def test_waiting_for_the_schema_sees_a_migration_that_comes_late(missing_url: str) -> None:
    waiting = asyncio.create_task(wait_for_schema(create_pool(missing_url, role="test", size=1), 30))
    assert not waiting.done()
    assert await migrate(missing_url, create_database=True)
    await waiting


async def test_a_schema_that_is_missing_is_said_to_be_missing(postgres: PostgresServer) -> None:
    with pytest.raises(CannotStart, match=r"schema is missing.* run `taskmaster migrate`"):
        await wait_for_schema(create_pool(postgres.url("postgres"), role="test", size=1), 0)


async def test_a_server_that_does_not_answer_is_named_without_its_password() -> None:
    pool = create_pool("postgresql://me:topsecret@127.0.0.1:1/none", role="test", size=1)
    with pytest.raises(CannotStart, match=r"does not answer at 127\.0\.0\.1:1") as refusal:
        await wait_for_schema(pool, 0)
    assert "topsecret" not in refusal.value.detail


async def test_a_newer_schema_ends_the_wait_at_once(conn: Connection, database_url: str) -> None:
    await conn.execute("INSERT INTO schema_migrations VALUES (9999, '9999_future', 'x')")
    with pytest.raises(SchemaMismatch):
        await wait_for_schema(create_pool(database_url, role="test", size=1), 30)
