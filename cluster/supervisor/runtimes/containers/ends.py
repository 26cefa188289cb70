"""Two looks at the same workers → which processes ended in between. Pure."""

import signal
from collections.abc import Iterator, Sequence

from cluster.supervisor.exits import Exit
from cluster.supervisor.runtimes.containers.engine import Unit


def exit_code(code: int) -> int:
    """As engines tell it, where 137 is a SIGKILL, to an exit code or minus the signal."""
    return 128 - code if 128 < code < 128 + signal.NSIG else code


def ends(before: Sequence[Unit], after: Sequence[Unit]) -> Iterator[Exit]:
    """Of a unit that is not there any more nobody can tell the exit code: who takes it away kills it."""
    found = {unit.key: unit for unit in after}
    for old in before:
        new = found.get(old.key)
        if old.runs and (new is None or not new.runs or new.life != old.life):
            yield end_of(old, new)


def end_of(old: Unit, new: Unit | None, *, ordered: bool = False) -> Exit:
    """The end of the process that ran in `old`; `new`: what was seen of the unit later, if anything."""
    leaving = old.state == "draining" or (new is not None and new.state == "draining")
    code = new.code if new is not None else None
    return Exit(old.name, 0, -signal.SIGKILL if code is None else code, ordered or leaving, old.host)
