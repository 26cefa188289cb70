"""`memory`: at the end every process holds about as much as it did before the first fault."""

from tests.chaos.checks.limits import Limits
from tests.chaos.checks.violation import Violation
from tests.chaos.history import History, Memory
from tests.chaos.tables import Tables


def check(history: History, tables: Tables, limits: Limits) -> list[Violation]:
    """By the name of the process, so that whoever was started again is held to what its first life needed."""
    baseline: dict[str, int] = {}
    final: dict[str, int] = {}
    for memory in history.of_kind(Memory):
        if memory.phase == "baseline":
            baseline[memory.target] = max(baseline.get(memory.target, 0), memory.rss_bytes)
        elif memory.phase == "final":
            final[memory.target] = memory.rss_bytes
    if not baseline.keys() & final.keys():
        return [Violation.nothing("no process was measured before and after")]
    found = [Violation("memory", f"{name} is not there at the end") for name in sorted(baseline.keys() - final.keys())]
    for name in sorted(baseline.keys() & final.keys()):
        most = baseline[name] * limits.memory_factor + limits.memory_bytes
        if final[name] > most:
            detail = f"{name} holds {_mib(final[name])}, at first it held {_mib(baseline[name])}"
            found.append(Violation("memory", detail))
    return found


def _mib(size: float) -> str:
    return f"{size / 2**20:.0f} MiB"
