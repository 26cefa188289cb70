"""Hatchling's build hook: the built dashboard travels in the wheel and in the sdist.

A wheel has it at cluster/_dashboard, where the edge looks first. An sdist has it beside its sources with the digest of
them, so that a wheel is made of it without Node. An editable install gets nothing: there the edge serves what
`make dashboard` builds. TASKMASTER_DASHBOARD=skip builds a package without it, for those who reach no npm registry.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUILT = "cluster/edge/dashboard/dist"
PLACES = {"wheel": "cluster/_dashboard", "sdist": BUILT}


class DashboardHook(BuildHookInterface):  # type: ignore[type-arg]
    """State: none of its own."""

    def dependencies(self) -> list[str]:
        """Node as a wheel, where it is missing and something must be built."""
        return [] if skipped() else self._tool("--needs").split()

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Raises CalledProcessError when the dashboard cannot be built: a package without it is no release."""
        if version != "editable" and not skipped():
            self._tool()
            build_data["force_include"][str(Path(self.root) / BUILT)] = PLACES[self.target_name]

    def _tool(self, *arguments: str) -> str:
        command = [sys.executable, str(Path(self.root) / "tools" / "dashboard.py"), *arguments]
        return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


def skipped() -> bool:
    return os.environ.get("TASKMASTER_DASHBOARD") == "skip"
