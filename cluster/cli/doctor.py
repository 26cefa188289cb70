"""`taskmaster doctor`: what is wrong, and what to do about it."""

import asyncio
import os
from datetime import UTC, datetime

import msgspec
import typer
from rich.text import Text

from cluster.cli import checks
from cluster.cli.checks import Finding
from cluster.cli.console import one_line, out, print_json
from cluster.cli.options import Json, Url, client, edge_url
from cluster.core.errors import SettingsError
from cluster.runtime.loop import run
from cluster.runtime.settings import Settings


def doctor(json: Json = False, url: Url = None) -> None:
    """Check the installation, the settings, and everything that can be reached from here.

    Each line says what was found and, if it is a problem, what to do.
    Exit code 1 if there is one.

    \b
    taskmaster doctor
    taskmaster doctor --json | jq '.findings[] | select(.ok | not)'
    """
    findings = [checks.check_python(), *_settings_findings(url)]
    ok = all(finding.ok for finding in findings)
    if json:
        print_json({"ok": ok, "findings": msgspec.to_builtins(findings)})
    else:
        for finding in findings:
            out().print(_line(finding), soft_wrap=True)
    if not ok:
        raise typer.Exit(1)


def _settings_findings(url: str | None) -> list[Finding]:
    """What the settings lead to; nothing can be asked when they are wrong."""
    try:
        settings = Settings.from_env(os.environ)
        with client(url) as cluster:
            edge = checks.check_edge(cluster, edge_url(url))
    except SettingsError as error:
        return [Finding("settings", False, error.detail, "correct it in the environment")]
    where = f"data in {settings.home}" if settings.embedded else "PostgreSQL of your own"
    return [Finding("settings", True, where), *run(_servers(settings)), *edge]


async def _servers(settings: Settings) -> list[Finding]:
    postgres = await checks.check_postgres(settings, lambda: datetime.now(UTC))
    return [*postgres, *await asyncio.gather(*map(checks.check_coordinator, settings.coordinators))]


def _line(finding: Finding) -> Text:
    mark, style = ("ok", "green") if finding.ok else ("problem", "red")
    line = Text.assemble((f"{mark:<8}", style), f"{finding.name:<12}", one_line(finding.found))
    return line.append(f"\n{'':<20}→ {finding.advice}", style="bold") if finding.advice else line
