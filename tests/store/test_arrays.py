"""Arrays that are packed by hand arrive as PostgreSQL would have read them."""

import uuid
from datetime import UTC, datetime, timedelta, timezone

import psycopg
import pytest

from cluster.store import arrays
from cluster.store.pool import connected


async def _echo(pool, array, kind):
    async with connected(pool) as connection:
        cursor = await connection.execute(f"SELECT %b::{kind}[]", (array,))
        [value] = await cursor.fetchone()
        return value


@pytest.mark.parametrize("count", [0, 1, 2, 1000])
async def test_uuids_arrive(pool, count):
    ids = [uuid.uuid4() for _ in range(count)]
    assert await _echo(pool, arrays.uuids([one.bytes for one in ids]), "uuid") == ids


@pytest.mark.parametrize(
    ("pack", "kind", "values"),
    [
        (arrays.bigints, "bigint", [0, 1, -1, 2**63 - 1, -(2**63), None]),
        (arrays.bigints, "bigint", []),
        (arrays.smallints, "smallint", [0, 10, -(2**15), 2**15 - 1]),
        (arrays.smallints, "smallint", [None]),
        (arrays.texts, "text", ["", "ä€𝄞", None, '"quoted", {NULL}\\']),
        (arrays.texts, "text", []),
        (arrays.instants, "timestamptz", [datetime(1970, 1, 1, tzinfo=UTC), None, datetime.max.replace(tzinfo=UTC)]),
        (arrays.instants, "timestamptz", [datetime(2031, 2, 3, 4, 5, 6, 789, timezone(timedelta(hours=2)))]),
    ],
)
async def test_every_value_arrives(pool, pack, kind, values):
    assert await _echo(pool, pack(values), kind) == values


async def test_encoded_text_arrives_as_text(pool):
    assert await _echo(pool, arrays.texts(["ä".encode(), "b"]), "text") == ["ä", "b"]


async def test_a_cursor_of_somebody_elses_connection_learns_to_take_them(database_url):
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        cursor = connection.cursor()
        arrays.register(cursor)
        await cursor.execute("SELECT %b::bigint[]", (arrays.bigints([1, None]),))
        assert await cursor.fetchone() == ([1, None],)
