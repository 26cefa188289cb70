"""Make the next numbered file in sql/migrations: python tools/new_migration.py "add a column for x"."""

import argparse
import re
import sys
from pathlib import Path

MIGRATIONS = Path(__file__).resolve().parent.parent / "sql" / "migrations"


def next_file(folder: Path, title: str) -> Path:
    """Where the migration `title` goes: 0007_add_a_column_for_x.sql after 0006_….sql."""
    words = re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_")
    if not words:
        raise SystemExit("say in a few words what the migration does")
    newest = max((int(path.name[:4]) for path in folder.glob("[0-9][0-9][0-9][0-9]_*.sql")), default=0)
    return folder / f"{newest + 1:04d}_{words}.sql"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("title", help="what it does, in a few words")
    title = parser.parse_args().title
    path = next_file(MIGRATIONS, title)
    path.write_text(f"-- {title[:1].upper()}{title[1:]}. Forward only; one transaction.\n")
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
