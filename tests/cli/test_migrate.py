"""`taskmaster migrate` on a real server."""

import json
import os
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from tests.fixtures.command_line import taskmaster


@pytest.fixture
def missing(postgres):
    """The URL of a database that does not exist yet."""
    name = f"missing_{uuid4().hex[:12]}"
    yield postgres.url(name)
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def migrate(url, *arguments):
    return taskmaster("migrate", *arguments, env={**os.environ, "DATABASE_URL": url})


def test_it_creates_the_database_and_tells_what_it_applied(missing):
    first, second = migrate(missing), migrate(missing, "--json")
    assert first.returncode == second.returncode == 0, first.stderr + second.stderr
    assert "applied 0001_initial" in first.stdout
    assert json.loads(second.stdout) == {"applied": []}
    assert migrate(missing).stdout == "the schema is up to date\n"


def test_a_server_that_is_not_there_is_one_line_without_the_password():
    done = migrate("postgresql://me:sesame@127.0.0.1:9/scheduler")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("taskmaster migrate: PostgreSQL")
    assert "sesame" not in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_schema_that_is_newer_is_left_alone(database_url):
    with psycopg.connect(database_url, autocommit=True) as connection:
        columns = "number, name, checksum"
        connection.execute(f"INSERT INTO schema_migrations ({columns}) VALUES (9999, '9999_future', 'x')")
    done = migrate(database_url)
    assert done.returncode == 78
    assert "newer than this TaskMaster" in done.stderr
