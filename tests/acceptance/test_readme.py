"""The README's table of routes is that of the running edge."""

import re

from tests.acceptance.cluster import RunningCluster
from tests.acceptance.processes import CHECKOUT

UNTOLD = {"/schedule", "/status"}
"""Told in a sentence."""
UNDESCRIBED = {"GET /", "GET /api/logs/stream"}
"""The dashboard is for people, and OpenAPI has no words for server-sent events."""


def test_the_readme_lists_every_route_and_no_other(shared: RunningCluster) -> None:
    paths = shared.get("/openapi.json")["paths"].items()
    offered = {f"{method.upper()} {path}" for path, methods in paths if path not in UNTOLD for method in methods}

    section = (CHECKOUT / "README.md").read_text().split("\n## HTTP API\n")[1].split("\n## ")[0]
    told = set(re.findall(r"^\| `((?:GET|POST) [^`?]+)", section, re.MULTILINE))

    assert told == offered | UNDESCRIBED
