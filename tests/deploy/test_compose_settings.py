"""The compose file passes on what the README says can be set."""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
DECIDED_THERE = {
    "COORDINATOR_PORT",
    "POSTGRES_PASSWORD",
    "POSTGRES_PORT",
    "SCHEDULER_PORT",
    "TASKMASTER_HOME",
    "WORKERS",
    "WORKER_ADDRESS",
    "WORKER_NAME",
    "WORKER_PORT",
}
"""By the image, by the networks of the containers, or by how many of them there are."""
EDGE_SHOWS = {"DASHBOARD", "HISTORY_DAYS", "LOG_BUFFER"}


def settings() -> set[str]:
    """The variables in the README's table."""
    [table] = re.findall(r"## Settings\n(.*?)\n## ", (ROOT / "README.md").read_text(), re.DOTALL)
    return set(re.findall(r"^\| `([A-Z_]+)`", table, re.MULTILINE))


def environments() -> dict[str, set[str]]:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    return {name: set(told.get("environment", ())) for name, told in services.items()}


def test_every_setting_reaches_a_role() -> None:
    told = set().union(*(environments()[role] for role in ("coordinator", "edge", "worker")))

    assert len(settings()) > 20
    assert settings() - DECIDED_THERE <= told


def test_the_edge_answers_to_no_foreign_name_unless_it_is_told() -> None:
    edge = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["edge"]

    assert edge["environment"]["EDGE_NAMES"] == "${EDGE_NAMES:-localhost,edge}"


def test_the_edge_is_told_what_it_shows() -> None:
    assert environments()["edge"] >= EDGE_SHOWS
