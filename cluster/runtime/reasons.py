"""Why a process cannot go on, in one line: said on stderr, or told to the parent that asked to be told.

A supervisor starts its children with a pipe whose descriptor is in `TASKMASTER_REASON`. So it can repeat the reason
when it gives the child up, while the child's stderr stays what it is: a terminal, a file, somebody else's pipe.
"""

import os
import sys
from collections.abc import Callable
from functools import partial

REASON_VARIABLE = "TASKMASTER_REASON"
"""The descriptor to write the reason to."""
REASON_BYTES = 4096
"""No more is told: the parent reads after our end, and a pipe holds no more than this for certain."""


def voice(role: str) -> Callable[[str], None]:
    """What to call with the reason when this program cannot go on. Taken at its start, before it starts anything.

    The variable is used up and the descriptor stays here: what we start ourselves must not speak for us.
    """
    text = os.environ.pop(REASON_VARIABLE, "")
    if not text.isdecimal():
        return partial(_print, role)
    try:
        os.set_inheritable(int(text), False)
    except OSError:  # inherited through something that closed it
        return partial(_print, role)
    return partial(_tell, int(text))


def _tell(descriptor: int, reason: str) -> None:
    os.write(descriptor, _line(reason).encode()[:REASON_BYTES])


def _print(role: str, reason: str) -> None:
    print(f"taskmaster {role}: {_line(reason)}", file=sys.stderr, flush=True)  # noqa: T201


def _line(reason: str) -> str:
    return " ".join(reason.split())
