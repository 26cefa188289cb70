"""What the tasks of `fixtures/counted_tasks.py` wrote down: every execution, counted outside PostgreSQL."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(slots=True)
class Run:
    """One execution. Nanoseconds of the monotonic clock; `ended` 0 = it never came to its end."""

    pid: int
    attempt: int
    began: int
    ended: int = 0


def runs_in(file: Path) -> dict[str, list[Run]]:
    """Every execution of each task that was ever begun, in the order they began."""
    runs: dict[str, list[Run]] = {}
    for line in file.read_text().splitlines() if file.exists() else ():
        what, task_id, attempt, pid, at = line.split()
        mine = runs.setdefault(task_id, [])
        if what == "start":
            mine.append(Run(int(pid), int(attempt), int(at)))
        else:
            begun = [run for run in mine if (run.pid, run.attempt, run.ended) == (int(pid), int(attempt), 0)]
            begun[-1].ended = int(at)
    return runs


def run_twice(runs: dict[str, list[Run]]) -> dict[str, list[Run]]:
    """Those of tasks that were begun more than once."""
    return {task_id: mine for task_id, mine in runs.items() if len(mine) > 1}
