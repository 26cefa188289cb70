"""The files in sql/queries: readable alone, and every one of use."""

import re
from pathlib import Path

import pytest

from cluster.runtime.paths import shipped
from cluster.store.pool import Connection
from cluster.store.statements import for_psycopg, source, statement

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((shipped("sql") / "queries").glob("*.sql"))
NAMES = [path.stem for path in FILES]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT :a_b", "SELECT %(a_b)b"),
        ("SELECT :a::int[]", "SELECT %(a)b::int[]"),
        ("SELECT ':a' || :a", "SELECT ':a' || %(a)b"),
        ("SELECT 'it''s :a', :b", "SELECT 'it''s :a', %(b)b"),
        ('SELECT ":a" FROM x', 'SELECT ":a" FROM x'),
        ("SELECT '12:30'::time", "SELECT '12:30'::time"),
        ("SELECT x[1:2], x[i:j], x[:a]", "SELECT x[1:2], x[i:j], x[%(a)b]"),
        ("SELECT 5 % 2, 'a%'", "SELECT 5 %% 2, 'a%%'"),
        ("-- about :a, it's odd\nSELECT 1 -- and :b\n, 2", "SELECT 1\n, 2"),
        ("SELECT '-- :a', :b", "SELECT '-- :a', %(b)b"),
    ],
)
def test_parameters_are_found_and_nothing_else(text: str, expected: str) -> None:
    assert for_psycopg(text) == expected


def test_a_name_without_a_file_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        statement("no_such_statement")


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_every_file_says_what_it_does_its_index_its_locks_and_its_parameters(path: Path) -> None:
    head = "".join(re.findall(r"^--.*\n", path.read_text(), re.MULTILINE))
    assert head.startswith(f"-- {path.stem}: ")
    for word in ("index: ", "locks: ", "params: "):
        assert f"-- {word}" in head or f". {word}" in head, word


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_every_parameter_is_explained_and_every_explained_one_exists(path: Path) -> None:
    text = path.read_text()
    used = set(re.findall(r"%\((\w+)\)b", for_psycopg(source(path.stem))))
    head = "".join(re.findall(r"^--.*\n", text, re.MULTILINE))
    assert used == set(re.findall(r":([a-z_]+)\b", head.partition("params:")[2])) or (
        not used and "params: none" in head
    )


def test_every_file_is_used() -> None:
    sources = [path.read_text() for folder in ("cluster", "perf") for path in (ROOT / folder).rglob("*.py")]
    used = {name for source in sources for name in re.findall(r'"(\w+)"', source)}
    assert set(NAMES) <= used


def test_every_file_is_in_the_list_of_the_readme() -> None:
    readme = (shipped("sql") / "README.md").read_text()
    assert set(re.findall(r"^\| `(\w+)` \|", readme.partition("## Statements")[2], re.MULTILINE)) == set(NAMES)


async def test_every_statement_is_understood_by_the_server(conn: Connection) -> None:
    """PREPARE parses, resolves every name and type, and runs nothing; it does not take CREATE and DO."""
    for name in NAMES:
        text = prepared(name)
        if not text.startswith(("CREATE", "DO")):
            await conn.execute(f"PREPARE {name} AS {text}".encode())


def prepared(name: str) -> str:
    """The statement with $1, $2 … in the order of their first use."""
    numbers: dict[str, int] = {}

    def numbered(match: re.Match[str]) -> str:
        return f"${numbers.setdefault(match[1], len(numbers) + 1)}"

    return re.sub(r"%\((\w+)\)b", numbered, statement(name).decode()).replace("%%", "%")
