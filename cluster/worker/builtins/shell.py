"""`shell`: run one of the allowed programs. An argument list, never a shell string."""

import asyncio
import contextlib
import os
import signal
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence

from cluster.core.errors import BadArguments, TaskFailed
from cluster.core.limits import REPORT_BYTES
from cluster.worker.registry import Handler

KEPT_BYTES = REPORT_BYTES // 4
"""Of each of stdout and stderr; the rest is read and thrown away. Quoted as JSON both must fit into one report."""

_ENVIRONMENT = ("PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR")
"""What a program inherits: not the whole environment, which holds the passwords of the cluster."""


def shell_handler(allowed: Sequence[str]) -> Handler:
    """A handler for the programs of SHELL_COMMANDS, which must be named exactly as they are there."""

    async def shell(argv: list[str], stdin: str = "") -> dict[str, object]:
        if not argv or argv[0] not in allowed:
            raise BadArguments(f"argument 'argv': the program must be one of {', '.join(allowed)}")
        if any("\0" in word for word in argv):
            raise BadArguments("argument 'argv': no word may contain NUL")
        return await _run(argv, stdin)

    return Handler("shell", shell)


async def _run(argv: list[str], stdin: str) -> dict[str, object]:
    process = await _start(argv)
    try:
        _, output, errors = await asyncio.gather(
            _feed(process.stdin, stdin.encode("utf-8", "replace")), _kept(process.stdout), _kept(process.stderr)
        )
        code = await process.wait()
    finally:
        # Also after a clean exit: what the program left behind in its group must not outlive the task.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    if code != 0:
        raise TaskFailed(f"{argv[0]} ended with {_how(code)}\n{errors or output}".rstrip())
    return {"exit_code": 0, "stdout": output, "stderr": errors}


async def _start(argv: list[str]) -> Process:
    environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    try:
        return await asyncio.create_subprocess_exec(
            *argv, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=environment, start_new_session=True
        )
    except OSError as error:
        raise TaskFailed(f"{argv[0]} cannot be run: {error.strerror}") from error


async def _feed(pipe: asyncio.StreamWriter | None, data: bytes) -> None:
    if pipe is None:
        return
    with contextlib.suppress(ConnectionError):  # it need not read what it is given
        pipe.write(data)
        await pipe.drain()
    pipe.close()


async def _kept(pipe: asyncio.StreamReader | None) -> str:
    kept, size = bytearray(), 0
    while pipe is not None and (chunk := await pipe.read(65536)):
        kept += chunk[: KEPT_BYTES - len(kept)]
        size += len(chunk)
    text = kept.decode(errors="replace")
    return text if size <= KEPT_BYTES else f"{text}\n… {size - len(kept)} bytes cut"


def _how(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
