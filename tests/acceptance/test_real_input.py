"""The main job on real input: a task module of the reader's own hashes thousands of files of this machine."""

import os
import pty
import subprocess
import sysconfig
import threading
from collections import defaultdict
from datetime import datetime
from pathlib import Path

import pytest

from tests.acceptance.cluster import Json, RunningCluster

FILES = 3000
"""Small real files: the standard library and what is installed beside it."""
WORKERS = 3


def real_files() -> list[Path]:
    folders = [Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "purelib")]
    return list(dict.fromkeys(path for folder in folders for path in sorted(folder.rglob("*.py"))))[:FILES]


def sha256sums(files: list[Path]) -> dict[str, str]:
    """What the program of that name says, by path."""
    done = subprocess.run(["sha256sum", "--", *map(str, files)], capture_output=True, text=True, check=True)
    return {path: digest for digest, path in (line.split(maxsplit=1) for line in done.stdout.splitlines())}


def on_a_terminal(cluster: RunningCluster, *arguments: str) -> str:
    """Run `taskmaster ARGUMENTS` to its end with a terminal as its stderr; what that terminal showed."""
    terminal, theirs = pty.openpty()
    shown: list[bytes] = []
    reader = threading.Thread(target=_read_all, args=(terminal, shown))
    env = {**cluster.env, "TERM": "xterm", "COLUMNS": "100"}
    with (cluster.folder / "answers").open("wb") as answers:
        process = subprocess.Popen(cluster.command(*arguments), env=env, stdout=answers, stderr=theirs)
        os.close(theirs)
        reader.start()
        code = process.wait(90)
    reader.join(10)
    text = b"".join(shown).decode(errors="replace")
    assert code == 0, text
    return text


def _read_all(terminal: int, shown: list[bytes]) -> None:
    # Linux answers EIO when the last writer of a terminal has closed it.
    try:
        while chunk := os.read(terminal, 65536):
            shown.append(chunk)
    except OSError:
        return
    finally:
        os.close(terminal)


class Hashed:
    """What became of the files: the tasks, and what the terminal showed meanwhile."""

    def __init__(self, files: list[Path], tasks: list[Json], shown: str) -> None:
        self.files, self.tasks, self.shown = files, tasks, shown


@pytest.fixture(scope="module")
def hashed(shared: RunningCluster) -> Hashed:
    """Every file posted by one command that waits for all of them."""
    files = real_files()
    names = shared.folder / "names"
    names.write_text("".join(f"{path}\n" for path in files))
    shown = on_a_terminal(shared, "enqueue", "hash-file", "path={}", "--each", str(names), "--wait", "--json")
    return Hashed(files, shared.tasks(command="hash-file"), shown)


def test_there_are_a_few_thousand_real_files(hashed: Hashed) -> None:
    assert len(hashed.files) == FILES
    assert len(hashed.tasks) == FILES


def test_the_results_are_what_sha256sum_says(hashed: Hashed) -> None:
    assert {task["status"] for task in hashed.tasks} == {"COMPLETE"}
    results = {task["result"]["path"]: task["result"]["sha256"] for task in hashed.tasks}
    assert results == sha256sums(hashed.files)


def busy_slots(tasks: list[Json]) -> dict[str, float]:
    """How many slots each worker had busy on average, from the first start to the last end."""
    spans = [
        (str(task["worker_id"]), *(datetime.fromisoformat(task[name]) for name in ("started_at", "completed_at")))
        for task in tasks
    ]
    elapsed = max(ended for _, _, ended in spans) - min(began for _, began, _ in spans)
    busy: dict[str, float] = defaultdict(float)
    for worker, began, ended in spans:
        busy[worker] += (ended - began) / elapsed
    return dict(busy)


def test_the_work_is_spread_within_one_slot_of_even(hashed: Hashed) -> None:
    """Slots, not tasks: a worker that the machine gives more time gets more of these tiny tasks done with its five."""
    busy = busy_slots(hashed.tasks)

    assert len(busy) == WORKERS
    even = sum(busy.values()) / WORKERS
    assert all(abs(slots - even) <= 1 for slots in busy.values()), busy


def test_progress_was_shown(hashed: Hashed) -> None:
    assert f"{FILES}/{FILES}" in hashed.shown.replace(",", ""), hashed.shown[-500:]


async def test_nothing_is_in_flight_afterwards(shared: RunningCluster, hashed: Hashed) -> None:
    await shared.idle()
    assert [worker["running"] for worker in shared.online()] == [0] * WORKERS
