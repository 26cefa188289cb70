"""`shell`: run one of the allowed programs. An argument list, never a shell string."""

import asyncio
import os
import tempfile
from collections.abc import Sequence
from subprocess import PIPE
from typing import IO

from cluster.core.errors import BadArguments, TaskFailed
from cluster.core.limits import REPORT_BYTES
from cluster.worker.guardian import Guardian
from cluster.worker.registry import Handler
from cluster.worker.spawned import Spawned, how_it_ended

KEPT_BYTES = REPORT_BYTES // 4
"""Of each of stdout and stderr; the rest is read and thrown away. Quoted as JSON both must fit into one report."""

_ENVIRONMENT = ("PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR")
"""What a program inherits: not the whole environment, which holds the passwords of the cluster."""


def shell_handler(allowed: Sequence[str], guardian: Guardian) -> Handler:
    """A handler for the programs of SHELL_COMMANDS, which must be named exactly as they are there."""

    async def shell(argv: list[str], stdin: str = "") -> dict[str, object]:
        """Runs one of the programs that SHELL_COMMANDS allows."""
        if not argv or argv[0] not in allowed:
            raise BadArguments(f"argument 'argv': the program must be one of {', '.join(allowed)}")
        if any("\0" in word for word in argv):
            raise BadArguments("argument 'argv': no word may contain NUL")
        return await _run(_start(argv, stdin.encode("utf-8", "replace"), guardian), argv[0])

    return Handler("shell", shell)


async def _run(program: Spawned, name: str) -> dict[str, object]:
    async with asyncio.TaskGroup() as streams:
        output, errors = (streams.create_task(_kept(pipe)) for pipe in program.outputs)
        try:
            code = await program.exit_code()
        finally:
            # What it leaves behind in its group goes with it: nothing outlives the task, nor holds its output open.
            program.kill()
            await program.exit_code()
    if code != 0:
        raise TaskFailed(f"{name} ended with {how_it_ended(code)}\n{errors.result() or output.result()}".rstrip())
    return {"exit_code": 0, "stdout": output.result(), "stderr": errors.result()}


def _start(argv: list[str], data: bytes, guardian: Guardian) -> Spawned:
    environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    # A file, not a pipe: the program need not read it, and nobody has to wait until it does.
    with tempfile.TemporaryFile() as stdin:
        stdin.write(data)
        stdin.seek(0)
        try:
            return Spawned(argv, environment, guardian, stdin=stdin, stdout=PIPE, stderr=PIPE)
        except OSError as error:
            raise TaskFailed(f"{argv[0]} cannot be run: {error.strerror}") from error


async def _kept(pipe: IO[bytes] | None) -> str:
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, pipe)
    kept, size = bytearray(), 0
    try:
        while chunk := await reader.read(65536):
            kept += chunk[: KEPT_BYTES - len(kept)]
            size += len(chunk)
    finally:
        transport.close()
    text = kept.decode(errors="replace")
    return text if size <= KEPT_BYTES else f"{text}\n… {size - len(kept)} bytes cut"
