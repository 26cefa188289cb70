"""One statement a file: `statement("claim")` is sql/queries/claim.sql, ready for psycopg.

The files name their parameters `:name`, so that psql can run and EXPLAIN them alone; psycopg wants `%(name)s`.
"""

import re
from functools import cache

from cluster.runtime.paths import shipped

_PARAMETER = re.compile(r"(?<![:\w]):([a-z_]+)")
_COMMENT = re.compile(r"^--.*\n?", re.MULTILINE)


@cache
def statement(name: str) -> bytes:
    """The text of sql/queries/<name>.sql without its comment lines. FileNotFoundError if there is none.

    bytes: psycopg takes a plain str only as a literal, and this is not one; it comes from a file that ships with us.
    """
    text = _COMMENT.sub("", (shipped("sql") / "queries" / f"{name}.sql").read_text(encoding="utf-8"))
    return _PARAMETER.sub(r"%(\1)s", text.replace("%", "%%")).strip().encode()
