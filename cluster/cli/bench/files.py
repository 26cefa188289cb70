"""What a run leaves behind: a JSON file, and a picture where matplotlib is there to draw it."""

import importlib.util
import json
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer

from cluster.core.errors import CannotStart

FOLDER = Path("bench-results")
MISSING = "no picture without matplotlib: pip install 'taskmaster-cluster[bench]'"


@dataclass(frozen=True, slots=True)
class Files:
    """Where the run goes. `plot` is None when nothing can draw it."""

    run: Path
    plot: Path | None


def files(out: Path | None, plot: Path | None) -> Files:
    """Where a run that begins now is kept, in folders that exist. Raises BadParameter: before anything is measured."""
    folder, name = out or FOLDER, f"{datetime.now(UTC):%Y%m%d-%H%M%S}"
    able = importlib.util.find_spec("matplotlib") is not None
    if plot is not None and not able:
        raise typer.BadParameter(MISSING)
    picture = plot / f"{name}.png" if plot is not None and plot.is_dir() else plot or folder / f"{name}.png"
    if picture.suffix != ".png":
        raise typer.BadParameter(f"--plot takes a folder or a file that ends in .png, not {str(plot)!r}")
    for parent in (folder, picture.parent):
        try:
            parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise typer.BadParameter(f"the folder {parent} cannot be made: {error.strerror}") from None
    return Files(folder / f"{name}.json", picture if able else None)


def keep(document: dict[str, Any], where: Files) -> None:
    """Write the run, and draw it. Raises CannotStart when the picture fails."""
    where.run.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    if where.plot is None:
        return
    command = [sys.executable, "-m", "cluster.cli.bench.plot", str(where.run), str(where.plot)]
    drawn = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603
    if drawn.returncode != 0:
        raise CannotStart(f"the run is in {where.run}, its picture was not drawn: {drawn.stderr.strip()[-500:]}")
