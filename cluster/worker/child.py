"""The program that runs plain `def` tasks, one at a time: `python -m cluster.worker.child LOG_FORMAT MODULE…`.

Frames come in on what was stdin and go out on what was stdout. The functions themselves see an empty stdin and a stdout
that goes to stderr, so that a `print` in a task cannot garble the frames. It ends when its input ends, and dies with
the worker.
"""

import os
import sys
from collections.abc import Mapping
from typing import BinaryIO

from cluster.core.errors import TaskMasterError
from cluster.core.outcome import Cancelled, Failed, Outcome, Succeeded
from cluster.runtime import telemetry
from cluster.runtime.signals import die_with_parent
from cluster.worker.frames import LENGTH, Reply, decode_call
from cluster.worker.invoke import Prepared
from cluster.worker.loading import load
from cluster.worker.teller import Teller


def serve(calls: BinaryIO, teller: Teller, handlers: Mapping[str, Prepared]) -> None:
    """Answer calls until their stream ends."""
    teller.reply(Reply())
    while header := calls.read(LENGTH.size):
        call = decode_call(calls.read(*LENGTH.unpack(header)))
        teller.begin(call)
        teller.reply(_reply(handlers[call.command].call(call, teller.on_progress)))


def _reply(outcome: Outcome) -> Reply:
    match outcome:
        case Succeeded(result):
            return Reply(result=result)
        case Failed(error, permanent, retry_in):
            return Reply(error=error, permanent=permanent, retry_in=retry_in)
        case Cancelled(reason):
            return Reply(error=reason, cancelled=True)
        case other:
            raise AssertionError(f"a function cannot end as {other!r}")


def _private_pipes() -> tuple[BinaryIO, BinaryIO]:
    calls, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return calls, replies


def run(log_format: str, modules: list[str]) -> int:
    die_with_parent()
    calls, replies = _private_pipes()
    telemetry.configure("worker", log_format)
    try:
        handlers = load(modules)
    except TaskMasterError as error:
        telemetry.emit("child_cannot_start", level="error", error=error.detail)
        return 1
    serve(calls, Teller(replies), handlers)
    return 0


if __name__ == "__main__":
    raise SystemExit(run(sys.argv[1], sys.argv[2:]))
