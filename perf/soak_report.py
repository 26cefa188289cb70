"""The figures of a soak as a table, as JSON, and as a list of what is wrong. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from soak_figures import MIB, Bound, Series, Slope, grows_without_end, missing, over_budget, slope, steepest
from soak_samples import Sample

MEMORY = Bound(per_hour=20.0, rise=12.0)
"""MiB an hour; less than 12 MiB in all is how it breathes: grpc.aio leaves a cycle of objects with every call that it
serves, and cycles wait until 50,000 young objects are there (runtime/entry.py). That takes minutes and some 8 MiB."""
DESCRIPTORS = Bound(per_hour=60.0, rise=5.0)
OPENED_BY_POSTGRES = ("postgres", "descriptors")
"""Its backends keep the files of relations open, up to its own max_files_per_process."""
THREADS = Bound(per_hour=60.0, rise=3.0)
TABLE = Bound(per_hour=60.0, rise=5.0)
"""MiB an hour of a table that holds only what is not finished."""
DEAD_NOISE = 20_000
"""Dead rows between two vacuums that are nothing to speak of."""


@dataclass(frozen=True, slots=True)
class Accounts:
    """Tasks by command: what was acknowledged, what may have been enqueued, what PostgreSQL has, what is unfinished."""

    acknowledged: Mapping[str, int]
    unknown: Mapping[str, int]
    found: Mapping[str, int]
    unfinished: Mapping[str, int]
    twice: Sequence[str] = ()
    exit_code: int = 0
    left_behind: int = 0


@dataclass
class RoleFigures:
    """`processes`: of how many lives. Peaks are of one process; slopes are those of the worst one."""

    processes: int
    memory_mib: float
    memory: Slope | None
    descriptors_most: int
    descriptors: Slope | None
    threads_most: int
    threads: Slope | None


@dataclass
class Report:
    seconds: float
    samples: int
    roles: dict[str, RoleFigures]
    connections_most: dict[str, int]
    budget: Mapping[str, int]
    dead_most: dict[str, int]
    sizes_mib: dict[str, float]
    table_growth: dict[str, Slope | None]
    wal_mib_per_minute: float
    tasks: int
    problems: list[str] = field(default_factory=list)


def report(samples: Sequence[Sample], accounts: Accounts, budget: Mapping[str, int]) -> Report:
    """Slopes are those of the second half: in the first one everything still fills up."""
    half = samples[-1].at / 2
    by_role = roles(samples, half)
    tables = {name: Series([s.at for s in samples], [s.database.size.get(name, 0) / MIB for s in samples])
              for name in ("tasks", "counters", "sessions")}  # fmt: skip
    seconds = samples[-1].at - samples[0].at
    made = Report(
        seconds=seconds,
        samples=len(samples),
        roles=by_role,
        connections_most=_most(sample.database.connections for sample in samples),
        budget=budget,
        dead_most=_most(sample.database.dead for sample in samples),
        sizes_mib={name: series.values[-1] for name, series in tables.items()},
        table_growth={name: slope(series.since(half)) for name, series in tables.items()},
        wal_mib_per_minute=(samples[-1].database.wal - samples[0].database.wal) / MIB / seconds * 60,
        tasks=sum(accounts.found.values()),
    )
    made.problems = [*_rising(made), *over_budget(made.connections_most, budget), *_dead(samples), *_lost(accounts)]
    return made


def roles(samples: Sequence[Sample], since: float) -> dict[str, RoleFigures]:
    """A process that ended and one that has its number by now are two."""
    lives: dict[str, dict[tuple[int, float], list[tuple[float, float, int, int]]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for sample in samples:
        for one in sample.processes:
            facts = (sample.at, one.memory / MIB, one.descriptors, one.threads)
            lives[one.role][one.pid, one.born].append(facts)
    return {role: _figures(list(each.values()), since) for role, each in sorted(lives.items())}


def _figures(lives: Sequence[Sequence[tuple[float, float, int, int]]], since: float) -> RoleFigures:
    # Only those that were there from the middle on: the young are still growing up.
    settled = [life for life in lives if life[0][0] <= since]

    def worst(column: int) -> Slope | None:
        return steepest(
            [Series([row[0] for row in life], [row[column] for row in life]).since(since) for life in settled]
        )

    def most(column: int) -> float:
        return max(row[column] for life in lives for row in life)

    return RoleFigures(
        len(lives), most(1), worst(1), int(most(2)), worst(2), int(most(3)), worst(3)
    )  # fmt: skip


def _most(each: Iterable[Mapping[str, int]]) -> dict[str, int]:
    most: dict[str, int] = {}
    for counts in each:
        for name, count in counts.items():
            most[name] = max(most.get(name, 0), count)
    return most


def _rising(made: Report) -> Iterable[str]:
    kinds = (("memory", MEMORY, "MiB"), ("descriptors", DESCRIPTORS, "descriptors"), ("threads", THREADS, "threads"))
    for role, figures in made.roles.items():
        for name, bound, unit in kinds:
            found = getattr(figures, name)
            if (role, name) != OPENED_BY_POSTGRES and found is not None and bound.broken_by(found):
                yield f"{role}: {found.per_hour:.1f} ± {found.error:.1f} {unit} an hour, allowed are {bound.per_hour:g}"
    for table, found in made.table_growth.items():
        if found is not None and TABLE.broken_by(found):
            yield f"{table} grows by {found.per_hour:.0f} ± {found.error:.0f} MiB an hour, though it holds no history"


def _dead(samples: Sequence[Sample]) -> Iterable[str]:
    for table in ("tasks", "counters", "sessions", "leader"):
        dead = Series([sample.at for sample in samples], [sample.database.dead.get(table, 0) for sample in samples])
        if grows_without_end(dead, DEAD_NOISE):
            yield f"{table}: dead rows grow without end, {max(dead.values):,.0f} by now"


def _lost(accounts: Accounts) -> Iterable[str]:
    yield from missing(accounts.acknowledged, accounts.unknown, accounts.found)
    yield from (f"{command}: {count} tasks did not end" for command, count in accounts.unfinished.items() if count)
    yield from (f"{command}: a task is in the history twice" for command in accounts.twice)
    if accounts.exit_code:
        yield f"`taskmaster up` ended with code {accounts.exit_code}"
    if accounts.left_behind:
        yield f"{accounts.left_behind} processes outlived `taskmaster up`"


def table(made: Report) -> str:
    """For people."""
    head = f"{'role':16}{'lives':>6}{'MiB':>8}{'MiB/h':>18}{'files':>7}{'files/h':>16}{'threads':>9}"
    lines = [f"{made.seconds:.0f} s, {made.samples} samples, {made.tasks:,} tasks", "", head]
    for role, one in made.roles.items():
        lines.append(
            f"{role:16}{one.processes:6}{one.memory_mib:8.1f}{_told(one.memory):>18}"
            f"{one.descriptors_most:7}{_told(one.descriptors):>16}{one.threads_most:9}"
        )
    lines += ["", f"{'connections':28}{'most':>6}{'budget':>8}"]
    lines += [f"{name:28}{most:6}{made.budget.get(name, 0):8}" for name, most in sorted(made.connections_most.items())]
    lines += ["", f"{'table':12}{'MiB':>8}{'MiB/h':>18}{'dead, most':>12}"]
    for name, size in made.sizes_mib.items():
        lines.append(f"{name:12}{size:8.1f}{_told(made.table_growth[name]):>18}{made.dead_most.get(name, 0):12,}")
    lines += ["", f"WAL {made.wal_mib_per_minute:.1f} MiB a minute", ""]
    lines += [f"PROBLEM {problem}" for problem in made.problems] or ["nothing rises that should not, nothing is lost"]
    return "\n".join(lines)


def as_json(made: Report) -> dict[str, Any]:
    """The same for programs; slopes an hour."""
    return {
        "seconds": made.seconds,
        "samples": made.samples,
        "tasks": made.tasks,
        "roles": {
            role: {
                "processes": one.processes,
                "memory_mib_most": one.memory_mib,
                "descriptors_most": one.descriptors_most,
                "threads_most": one.threads_most,
                **{name: _pair(getattr(one, name)) for name in ("memory", "descriptors", "threads")},
            }
            for role, one in made.roles.items()
        },
        "connections_most": made.connections_most,
        "budget": dict(made.budget),
        "dead_rows_most": made.dead_most,
        "table_mib": made.sizes_mib,
        "table_growth": {name: _pair(found) for name, found in made.table_growth.items()},
        "wal_mib_per_minute": made.wal_mib_per_minute,
        "problems": made.problems,
    }


def _pair(found: Slope | None) -> dict[str, float] | None:
    return None if found is None else {"per_hour": found.per_hour, "error": found.error}


def _told(found: Slope | None) -> str:
    return "–" if found is None else f"{found.per_hour:+.1f} ± {found.error:.1f}"
