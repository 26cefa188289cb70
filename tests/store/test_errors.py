"""At the edge of the store driver errors become ours, told in one line and without a password."""

import pytest
from psycopg.errors import IoError

from cluster.core.errors import RowsLocked, StoreFault, StoreRejected, StoreUnavailable
from cluster.store.errors import translated
from cluster.store.pool import Connection, Pool, beside, connected, create_pool
from tests.store.made import scalar


async def test_a_connection_commits_each_statement(pool: Pool) -> None:
    async with connected(pool) as one, connected(pool) as two:
        await one.execute("CREATE TABLE seen (a int)")
        rows = await (await two.execute("SELECT count(*) FROM seen")).fetchall()
    assert rows == [(0,)]


async def test_what_would_fail_again_is_rejected(pool: Pool) -> None:
    with pytest.raises(
        StoreRejected, match='PostgreSQL refused a statement: relation "nowhere" does not exist'
    ) as refusal:
        async with connected(pool) as conn:
            await conn.execute("SELECT FROM nowhere")
    assert "\n" not in refusal.value.detail


@pytest.mark.parametrize("code", ["40P01", "40001", "53100", "53300", "57014", "57P01", "25006", "55P03", "08006"])
async def test_what_passes_is_unavailable(pool: Pool, code: str) -> None:
    with pytest.raises(StoreUnavailable):
        async with connected(pool) as conn:
            await conn.execute(f"DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '{code}'; END $$".encode())


@pytest.mark.parametrize("code", ["58030", "58P01", "XX000", "XX001"])
async def test_what_breaks_in_the_server_is_no_fault_of_the_data(pool: Pool, code: str) -> None:
    with pytest.raises(StoreFault):
        async with connected(pool) as conn:
            await conn.execute(f"DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '{code}'; END $$".encode())


@pytest.mark.parametrize("code", ["21000", "22P02", "23505", "54001", "P0001", "ZZ999"])
async def test_what_the_data_may_be_to_blame_for_is_rejected(pool: Pool, code: str) -> None:
    with pytest.raises(StoreRejected):
        async with connected(pool) as conn:
            await conn.execute(f"DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '{code}'; END $$".encode())


def test_an_error_that_ends_the_connection_leaves_open_what_was_done() -> None:
    """As the panic of a server that cannot write its log: perhaps it had written what mattered."""
    with pytest.raises(StoreUnavailable) as told, translated():
        raise IoError("could not write to file")
    assert not isinstance(told.value, StoreFault)


async def test_a_connection_that_was_cut_is_unavailable_and_the_pool_goes_on(pool: Pool) -> None:
    with pytest.raises(StoreUnavailable):
        async with connected(pool) as conn:
            await conn.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    async with connected(pool) as conn:
        await conn.execute("SELECT 1")


async def test_a_server_that_is_not_there_is_unavailable_and_no_password_is_told() -> None:
    async with create_pool("postgresql://me:topsecret@127.0.0.1:1/x", role="test", size=1) as pool:
        pool.timeout = 0.5
        with pytest.raises(StoreUnavailable) as refusal:
            async with connected(pool):
                pass
    assert "topsecret" not in refusal.value.detail


async def test_a_pool_that_is_closed_is_unavailable(database_url: str) -> None:
    pool = create_pool(database_url, role="test", size=1)
    with pytest.raises(StoreUnavailable):
        async with connected(pool):
            pass


@pytest.mark.parametrize(
    ("setting", "value"), [("application_name", "taskmaster test"), ("synchronous_commit", "on"), ("TimeZone", "UTC")]
)
async def test_every_connection_has_a_name_is_durable_and_speaks_utc(
    conn: Connection, setting: str, value: str
) -> None:
    assert await scalar(conn, f"SELECT current_setting('{setting}')") == value


async def test_one_connection_beside_the_pool_waits_for_locks_only_so_long(pool: Pool) -> None:
    async with connected(pool) as patient, beside(pool, lock_within=0.05) as hasty, connected(hasty) as conn:
        assert [await scalar(each, "SHOW lock_timeout") for each in (patient, conn)] == ["0", "50ms"]
        for setting in ("enable_sort", "statement_timeout", "application_name"):
            assert await scalar(conn, f"SHOW {setting}") == await scalar(patient, f"SHOW {setting}")
        async with patient.transaction():
            await patient.execute("LOCK tasks")
            with pytest.raises(RowsLocked), translated():
                await conn.execute("SELECT FROM tasks")
