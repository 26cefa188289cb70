"""Forward-only migrations: sql/migrations/NNNN_name.sql, each applied once, in order, in a transaction of its own.

The table `schema_migrations` remembers what was applied and the checksum of its text. An advisory lock lets any number
of processes call `migrate` at once. It is taken anew for each migration and ends with its transaction, so that a pooler
which gives each transaction another connection does no harm. Released files are never edited: what differs from what
was applied is refused.
"""

import asyncio
import hashlib
import re
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import cache
from typing import NamedTuple

import psycopg
from psycopg import errors, sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import args_row, scalar_row

from cluster.core.errors import CannotStart, SchemaMismatch, StoreUnavailable
from cluster.runtime.paths import shipped
from cluster.store.dialling import parameters, where
from cluster.store.errors import translated
from cluster.store.history import DAYS_AHEAD, ensure_partitions
from cluster.store.pool import Connection, Pool
from cluster.store.statements import statement

_FILE = re.compile(r"(\d{4})_\w+\.sql")


class Migration(NamedTuple):
    """`checksum`: SHA-256 of the text, hexadecimal."""

    number: int
    name: str
    checksum: str


@cache
def shipped_migrations() -> tuple[Migration, ...]:
    """The migrations of this package, oldest first."""
    files = sorted((shipped("sql") / "migrations").glob("*.sql"))
    return tuple(
        Migration(int(match[1]), path.stem, hashlib.sha256(_text(path.stem)).hexdigest())
        for path in files
        if (match := _FILE.fullmatch(path.name))
    )


async def migrate(url: str, *, create_database: bool) -> list[str]:
    """Bring the schema of `url` up to date, first creating the database if it is missing and may be created.

    Returns the names of the migrations it applied. Raises SchemaMismatch if the schema is newer than this package or an
    applied file was edited, StoreUnavailable if PostgreSQL does not answer; passwords are in no message.
    """
    with translated():
        if create_database:
            await _ensure_database(url)
        async with _dialled(url) as connection:
            names = []
            while migration := await _apply_next(connection):
                names.append(migration.name)
            await ensure_partitions(connection, None, DAYS_AHEAD)
    return names


def pending(ours: Sequence[Migration], applied: Sequence[Migration]) -> list[Migration]:
    """What is still to be applied. Raises SchemaMismatch when the two histories cannot be reconciled."""
    known = {migration.number: migration for migration in ours}
    for migration in applied:
        if migration.number not in known:
            raise SchemaMismatch(
                f"the database schema is at {applied[-1].name}, newer than this TaskMaster ({ours[-1].name}): "
                "upgrade TaskMaster"
            )
        if known[migration.number].checksum != migration.checksum:
            raise SchemaMismatch(
                f"sql/migrations/{migration.name}.sql was edited after it was applied to this database: "
                "restore it and add a new migration instead"
            )
    done = {migration.number for migration in applied}
    return [migration for migration in ours if migration.number not in done]


async def wait_for_schema(pool: Pool, timeout: float) -> None:
    """Return as soon as PostgreSQL answers and its schema is that of this package; the pool need not be open yet.

    Raises CannotStart after `timeout` seconds, saying which of the two is missing; SchemaMismatch at once.
    """
    url = pool.conninfo
    assert isinstance(url, str), "create_pool gives it one"
    deadline = time.monotonic() + timeout
    while complaint := await _complaint(url):
        if time.monotonic() >= deadline:
            raise CannotStart(complaint)
        await asyncio.sleep(0.2)


async def _complaint(url: str) -> str | None:
    try:
        with translated():
            async with _dialled(url) as connection:
                missing = pending(shipped_migrations(), await _applied(connection))
    except StoreUnavailable as error:
        return f"PostgreSQL does not answer at {where(url)}: {error.detail}"
    if not missing:
        return None
    return f"the schema is missing or older than this TaskMaster ({missing[-1].name}): run `taskmaster migrate`"


async def _applied(connection: Connection) -> list[Migration]:
    async with connection.cursor(row_factory=args_row(Migration)) as cursor:
        try:
            await cursor.execute(statement("migrations_applied"))
        except errors.UndefinedTable:
            return []
        return await cursor.fetchall()


async def _apply_next(connection: Connection) -> Migration | None:
    """The oldest migration that was missing, by now applied; None when nothing is missing."""
    async with connection.transaction():
        await connection.execute(statement("migrations_lock"))
        await connection.execute(statement("migrations_table"))
        missing = pending(shipped_migrations(), await _applied(connection))
        if not missing:
            return None
        await connection.execute(_text(missing[0].name))
        await connection.execute(statement("migrations_record"), missing[0]._asdict())
        return missing[0]


async def _ensure_database(url: str) -> None:
    """Create the database that `url` names, unless it can be connected to."""
    try:
        async with _dialled(url):
            return
    except psycopg.OperationalError as refusal:
        name = str(conninfo_to_dict(url).get("dbname") or "postgres")
        try:
            async with _dialled(make_conninfo(url, dbname="postgres")) as connection:
                await _create_database(connection, name)
        except psycopg.OperationalError:
            # Not even the maintenance database answers: the first refusal tells more.
            raise refusal from None


async def _create_database(connection: Connection, name: str) -> None:
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(statement("database_exists"), {"name": name})
        if await cursor.fetchone():
            return
    try:
        await connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    except (errors.DuplicateDatabase, errors.UniqueViolation):
        return  # somebody else was first


@asynccontextmanager
async def _dialled(url: str) -> AsyncIterator[Connection]:
    connection = await psycopg.AsyncConnection.connect(url, autocommit=True, **parameters(url, "migrate"))
    async with connection:
        yield connection


@cache
def _text(name: str) -> bytes:
    # Line ends are not contents: a checkout may change them.
    return (shipped("sql") / "migrations" / f"{name}.sql").read_bytes().replace(b"\r\n", b"\n")
