"""What the task thread does at this moment, for people: which task, and where in its code."""

import traceback
from dataclasses import dataclass
from types import FrameType

from cluster.worker import invoke
from cluster.worker.run import Run

FRAMES = 10


@dataclass(frozen=True, slots=True)
class Doing:
    """`command`: of the task, or the name of the function where no task is to be seen; "" = nothing. `task_id`: ""
    where it is not known. `stack`: `file:line function`, innermost first.
    """

    command: str = ""
    task_id: str = ""
    stack: tuple[str, ...] = ()


def doing(run: Run | None, frame: FrameType | None) -> Doing:
    """`run`: whose coroutine it is, if that is known; `frame`: the innermost one of the thread."""
    stack = _excerpt(frame)
    if run is not None:
        return Doing(run.command, str(run.uuid), stack)
    # A coroutine that a task started beside itself, or a plain callback: the code has a name, too.
    return Doing(stack[0].rpartition(" ")[2] if stack else "", "", stack)


def _excerpt(frame: FrameType | None) -> tuple[str, ...]:
    lines: list[str] = []
    for one, number in traceback.walk_stack(frame) if frame is not None else ():
        if one.f_code.co_filename == invoke.__file__ or len(lines) == FRAMES:
            break
        lines.append(f"{one.f_code.co_filename}:{number} {one.f_code.co_qualname}")
    return tuple(lines)
