"""`taskmaster migrate`: bring the schema up to date."""

import asyncio
import os
import sys
import time
from typing import Annotated

import typer

from cluster.cli.console import err, print_json
from cluster.cli.options import Json
from cluster.core.errors import StoreUnavailable
from cluster.runtime.loop import run
from cluster.runtime.settings import Settings
from cluster.store.migrations import migrate as apply_migrations

PATIENCE = 60.0
"""Seconds that --wait waits for PostgreSQL."""

Wait = Annotated[bool, typer.Option("--wait", help="Wait up to 60 s for PostgreSQL to answer.")]


def migrate(wait: Wait = False, json: Json = False) -> None:
    """Create the database if it is missing and bring its schema up to date.

    Safe to run at any time and by several processes at once. A schema that
    is newer than this TaskMaster is left alone, with exit code 78.

    \b
    taskmaster migrate
    taskmaster migrate --wait && taskmaster coordinator
    """
    url = Settings.from_env(os.environ).database_url
    if wait and sys.stderr.isatty():
        with err().status("waiting for PostgreSQL"):
            applied = run(_applied(url, PATIENCE))
    else:
        applied = run(_applied(url, PATIENCE if wait else 0.0))
    if json:
        print_json({"applied": applied})
    elif applied:
        typer.echo("\n".join(f"applied {name}" for name in applied))
    else:
        typer.echo("the schema is up to date")


async def _applied(url: str, patience: float) -> list[str]:
    """The names of the migrations applied. Raises StoreUnavailable after `patience` seconds without an answer."""
    deadline = time.monotonic() + patience
    while True:
        try:
            return await apply_migrations(url, create_database=True)
        except StoreUnavailable:
            if time.monotonic() >= deadline:
                raise
            await asyncio.sleep(0.5)
