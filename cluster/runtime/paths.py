"""Where things live: this user's folder, the embedded server's socket, and the files that ship with the package."""

import hashlib
import os
import sys
import tempfile
from pathlib import Path

import platformdirs

SOCKET_PATH_BYTES = 100
"""A unix socket's path holds 107 bytes on Linux and 103 elsewhere; PostgreSQL's own file name needs 16 more."""


def default_home() -> Path:
    """The data folder of this user. root's is outside /root, for PostgreSQL never runs as root and must get there."""
    if sys.platform != "win32" and os.geteuid() == 0:
        return Path("/var/lib/taskmaster")
    return Path(platformdirs.user_data_path("taskmaster"))


def socket_folder(home: Path) -> Path:
    """Where the embedded PostgreSQL has its socket: in `home`, or in the temporary folder if that path is too long."""
    inside = home / "run"
    if len(os.fsencode(inside)) + 16 <= SOCKET_PATH_BYTES:
        return inside
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"taskmaster-{digest}"


def shipped(name: str, source: str | None = None) -> Path:
    """A folder that travels with TaskMaster: `cluster/_<name>` in a wheel, `source` (or `name`) in a checkout.

    Raises FileNotFoundError when neither exists: a broken installation, or something that was not built yet.
    """
    package = Path(__file__).resolve().parent.parent
    for candidate in (package / f"_{name}", package.parent / (source or name)):
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(f"{name}/ is neither in the package nor beside it; install taskmaster-cluster again")
