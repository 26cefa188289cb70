"""A URL that names several hosts works wherever a URL does, and no password of it is ever told."""

import asyncio
import json

import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from cluster.core.errors import CannotStart, SettingsError, StoreUnavailable
from cluster.runtime.settings import Settings
from cluster.store.dialling import parameters, where
from cluster.store.migrations import migrate, wait_for_schema
from cluster.store.pool import connected, create_pool
from cluster.store.server import ask_server
from tests.acceptance.processes import free_ports
from tests.fixtures.command_line import taskmaster
from tests.trouble.server import Server

TWO = "postgresql://me:topsecret@one:5432,two:5433/db"


def either(server: Server, database: str) -> str:
    """Nobody listens at the first of two hosts."""
    (nobody,) = free_ports(1)
    return f"postgresql://postgres:topsecret@127.0.0.1:{nobody},127.0.0.1:{server.port}/{database}"


def test_of_several_hosts_the_one_that_takes_writes_is_wanted() -> None:
    assert parameters(TWO, "test")["target_session_attrs"] == "read-write"


@pytest.mark.parametrize("url", ["postgresql://one/db", "postgresql://one:1/db", "host=/run/postgresql dbname=db", ""])
def test_a_single_host_is_taken_as_it_is(url: str) -> None:
    assert "target_session_attrs" not in parameters(url, "test")


def test_what_the_url_says_itself_is_kept() -> None:
    url = f"{TWO}?target_session_attrs=any&connect_timeout=9&options=-c%20search_path%3Dmine"
    dialled = conninfo_to_dict(make_conninfo(url, **parameters(url, "test")))

    assert (dialled["target_session_attrs"], dialled["connect_timeout"]) == ("any", "9")
    assert str(dialled["options"]).startswith("-c search_path=mine ")


def test_several_hosts_may_be_given_as_postgres_host_too() -> None:
    read = Settings.from_env({"POSTGRES_HOST": "one,two", "POSTGRES_PASSWORD": "topsecret"})

    assert where(read.database_url) == "one:5432, two:5432"
    assert parameters(read.database_url, "test")["target_session_attrs"] == "read-write"


def test_the_hosts_are_told_and_nothing_else() -> None:
    assert where(TWO) == "one:5432, two:5433"
    assert where("postgresql://one,two:9/db") == "one:5432, two:9"
    assert where("dbname=db") == "the local socket:5432"


@pytest.mark.parametrize("url", ["postgresql://me:topsecret@[h/db", "postgresql://me:topsecret@h/db?nonsense=1"])
def test_a_url_that_cannot_be_read_is_not_repeated(url: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        create_pool(url, role="test", size=1)
    assert "topsecret" not in refusal.value.detail


async def test_whoever_dials_finds_the_host_that_is_there(server: Server) -> None:
    url = either(server, await server.database("several"))

    assert await migrate(url, create_database=True) == []
    assert (await ask_server(url, 3)).version > 150_000
    pool = create_pool(url, role="test", size=1)
    await wait_for_schema(pool, 0)
    async with pool, connected(pool) as connection:
        await connection.execute("SELECT 1")


async def test_a_database_that_is_missing_is_made_on_the_host_that_is_there(server: Server) -> None:
    assert await migrate(either(server, "new_there"), create_database=True)


async def test_where_nobody_answers_every_host_is_named_and_no_password() -> None:
    one, two = free_ports(2)
    url = f"postgresql://me:topsecret@127.0.0.1:{one},127.0.0.1:{two}/db"

    with pytest.raises(CannotStart, match=f"at 127.0.0.1:{one}, 127.0.0.1:{two}") as refusal:
        await wait_for_schema(create_pool(url, role="test", size=1), 0)
    with pytest.raises(StoreUnavailable) as other:
        await migrate(url, create_database=True)
    assert "topsecret" not in refusal.value.detail + other.value.detail


def test_migrate_and_doctor_take_such_a_url(server: Server) -> None:
    asyncio.run(server.database("several"))
    env = {"DATABASE_URL": either(server, "several"), "PATH": "/usr/bin", "TASKMASTER_HOME": str(server.home)}

    migrated = taskmaster("migrate", "--json", env=env)
    found = taskmaster("doctor", "--json", env=env)

    assert json.loads(migrated.stdout) == {"applied": []}
    findings = {finding["name"]: finding for finding in json.loads(found.stdout)["findings"]}
    assert findings["postgresql"]["ok"]
    assert findings["schema"]["ok"]
    assert "topsecret" not in migrated.stdout + migrated.stderr + found.stdout + found.stderr
