"""A task module of your own: the SHA-256 of a file.

The worker imports this module by its name, so start the cluster where it lies:

    cd examples
    TASKMASTER_TASKS=hash_files taskmaster up

and enqueue from another terminal:

    taskmaster enqueue hash-file path=/etc/hostname --wait

A plain `def` runs in a process of its own beside the worker, where it may block and can be killed at its timeout.
"""

import hashlib
from pathlib import Path

from cluster import Context, task


@task("hash-file", timeout=60, max_attempts=3)
def hash_file(ctx: Context, path: str) -> dict[str, object]:
    """The file's size in bytes and its SHA-256 as `sha256sum` prints it."""
    with Path(path).open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        size = file.tell()
    ctx.logger.debug("%s: %d bytes", path, size)
    return {"path": path, "bytes": size, "sha256": digest}
