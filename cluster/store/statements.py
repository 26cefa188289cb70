"""One statement a file: `statement("claim")` is sql/queries/claim.sql, ready for psycopg.

The files name their parameters `:name`, so that psql can run and EXPLAIN them alone; psycopg wants `%(name)b`, b for
binary: text arrays cost the client several times as much.
"""

import re
from functools import cache

from cluster.runtime.paths import shipped

_TOKEN = re.compile(
    r"""
      (?P<verbatim> '(?:[^']|'')*' | "[^"]*" | :: | := )      # text, quoted names, casts: a colon means nothing in them
    | (?P<comment>  ^--[^\n]*\n | [ ]*--[^\n]* )
    | (?<![\w\]]) : (?P<parameter> [a-z_]+ )                  # not the bound of a slice, x[i:j]
    """,
    re.VERBOSE | re.MULTILINE,
)


_INCLUDED = re.compile(r"^\\ir (\w+)\.sql$", re.MULTILINE)


@cache
def statement(name: str) -> bytes:
    """The text of sql/queries/<name>.sql without its comments. FileNotFoundError if there is none.

    bytes: psycopg takes a plain str only as a literal, and this is not one; it comes from a file that ships with us.
    """
    return for_psycopg(source(name)).encode()


def source(name: str) -> str:
    r"""The text of a file, with that of others where it says `\ir other.sql`, as psql would read it."""
    text = (shipped("sql") / "queries" / f"{name}.sql").read_text(encoding="utf-8")
    return _INCLUDED.sub(lambda match: source(match[1]), text)


def for_psycopg(text: str) -> str:
    """`:name` becomes `%(name)b` outside of quotes, `%` becomes `%%`, comments go."""
    return _TOKEN.sub(_translated, text.replace("%", "%%")).strip()


def _translated(match: re.Match[str]) -> str:
    if parameter := match["parameter"]:
        return f"%({parameter})b"
    return match["verbatim"] or ""
