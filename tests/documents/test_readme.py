"""What the README says is so: its settings, its commands, its links, its first task."""

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from cluster.runtime.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()


class Asked(Mapping[str, str]):
    """An environment that remembers which variables it was asked for. State: their names."""

    def __init__(self, **values: str) -> None:
        self.names: set[str] = set()
        self._values = values

    def __getitem__(self, name: str) -> str:
        self.names.add(name)
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def rows(title: str) -> list[list[str]]:
    """The cells of the table below a heading, without its header."""
    section = README.split(f"\n## {title}\n")[1].split("\n## ")[0]
    table = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[2:]]


def variables() -> set[str]:
    """Every environment variable that Settings reads, whatever the others say."""
    asked: set[str] = set()
    for given in ({}, {"POSTGRES_HOST": "db"}):
        environment = Asked(**given)
        Settings.from_env(environment)
        asked |= environment.names
    return asked


DEFAULTS = {row[0].strip("`"): row[1] for row in rows("Settings")}


def test_the_settings_table_lists_every_variable_and_no_other() -> None:
    assert set(DEFAULTS) == variables()


@pytest.mark.parametrize("name", sorted(name for name, default in DEFAULTS.items() if default.startswith("`")))
def test_a_default_in_the_settings_table_is_the_default(name: str) -> None:
    base = {"POSTGRES_HOST": "db"} if name.startswith("POSTGRES_") else {}

    assert Settings.from_env({**base, name: DEFAULTS[name].strip("`")}) == Settings.from_env(base)


def test_every_command_is_listed() -> None:
    told = {re.match(r"`taskmaster ([a-z]+)", row[0])[1] for row in rows("Commands")}  # type: ignore[index]
    shown = subprocess.run(
        [sys.executable, "-m", "cluster.cli", "--help"],
        env={"NO_COLOR": "1", "COLUMNS": "200", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    offered = set(re.findall(r"^│ ([a-z]+) ", shown.stdout, re.MULTILINE))

    assert told == offered


@pytest.mark.parametrize("page", sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("*.md")))
def test_every_link_inside_the_repository_leads_somewhere(page: str) -> None:
    text = (ROOT / page).read_text()
    targets = {target.partition("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in target}

    assert [target for target in sorted(targets) if target and not (ROOT / target).exists()] == []


TASKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize(("block", "command"), list(zip(TASKS, ["thumbnail", "import-day"], strict=True)))
def test_the_tasks_register_as_they_stand(tmp_path: Path, block: str, command: str) -> None:
    (tmp_path / "told.py").write_text(block)
    check = f"import told; from cluster.worker.registry import registered; print({command!r} in registered)"

    done = subprocess.run([sys.executable, "-c", check], cwd=tmp_path, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "True"


def test_the_first_task_is_short() -> None:
    assert len([line for line in TASKS[0].splitlines() if line.strip()]) <= 10
