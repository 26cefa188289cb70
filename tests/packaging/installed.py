"""What was installed from the wheel, and a cluster run from it."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.acceptance.cluster import PRIVATE, RunningCluster


@dataclass(frozen=True)
class Installed:
    """A virtual environment in `folder`; its programs run in `cwd`, which is outside the checkout."""

    folder: Path
    cwd: Path

    def program(self, name: str) -> Path:
        return self.folder / "bin" / name

    def run(self, name: str, *arguments: str, env: Mapping[str, str] | None = None) -> str:
        """What the program printed; it must succeed."""
        command = [str(self.program(name)), *arguments]
        clean = {name: value for name, value in os.environ.items() if not name.startswith((*PRIVATE, "PYTHON"))}
        environment = {**clean, **(env or {})}
        result = subprocess.run(command, cwd=self.cwd, env=environment, capture_output=True, text=True, check=False)
        assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}"
        return result.stdout


class InstalledCluster(RunningCluster):
    """A cluster of the installed `taskmaster`: nothing of the checkout is on any path. State: as its base."""

    def __init__(self, installed: Installed) -> None:
        super().__init__()
        self._installed = installed
        del self.settings["TASKMASTER_TASKS"]

    @property
    def env(self) -> dict[str, str]:
        return {name: value for name, value in super().env.items() if name != "PYTHONPATH"}

    def command(self, *arguments: str) -> list[str]:
        return [str(self._installed.program("taskmaster")), *arguments]
