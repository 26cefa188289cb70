"""sql/README.md describes the schema that the migrations make."""

import re

from cluster.core.task import State, status_of
from cluster.runtime.paths import shipped
from cluster.store.pool import Connection
from tools.new_migration import next_file

README = (shipped("sql") / "README.md").read_text()


def described(table: str) -> dict[str, str]:
    """Column → type, as the readme has it."""
    section = re.split(r"^##", README.partition(f"### {table}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
    return dict(re.findall(r"^\| `(\w+)` \| (\S+) \|", section, re.MULTILINE))


async def test_every_column_is_described_with_its_type(conn: Connection) -> None:
    query = """
        SELECT c.relname, a.attname, format_type(a.atttypid, NULL)
        FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
          AND a.attnum > 0"""
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in await (await conn.execute(query)).fetchall():
        found.setdefault(table, {})[column] = kind.replace("timestamp with time zone", "timestamptz")
    shared = described("tasks")
    # The one thing that a finished task does not keep.
    shared = {column: kind for column, kind in shared.items() if not column.startswith("progress")}
    tasks = found.pop("tasks")
    assert tasks == described("tasks")
    assert found.pop("task_history") == {**shared, **described("task_history")}
    assert found == {table: described(table) for table in found}


async def test_every_state_is_described(conn: Connection) -> None:
    listed = re.findall(r"^\| (\d+) \| (\w+) \| .* \| ([A-Z]+) \|$", README, re.MULTILINE)
    assert listed == [(str(int(state)), state.name.lower(), status_of(state).value) for state in State]
    for state in State:
        named = await (await conn.execute("SELECT task_state_name(%s::smallint)", (int(state),))).fetchone()
        assert named == (state.name.lower(),)


def test_the_next_migration_gets_the_next_number() -> None:
    newest = max(path.name for path in (shipped("sql") / "migrations").glob("*.sql"))
    made = next_file(shipped("sql") / "migrations", "Add a column, for x!")
    assert made.name == f"{int(newest[:4]) + 1:04d}_add_a_column_for_x.sql"
