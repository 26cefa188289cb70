"""root without being root: a user namespace of the server's own, where root's files belong to an ordinary user.

For a data folder below one that only root may enter: no other account can get there, and PostgreSQL refuses root. Linux
lets root make such a namespace unless somebody forbade it, as container engines do by default.
"""

import ctypes
import os
import pwd
import subprocess
import sys
from pathlib import Path

_CLONE_NEWUSER = 0x10000000
_NOBODY = 65534


def put_on() -> None:
    """In a child, before its program: become the user nobody of a new namespace, who owns what is ours outside.

    Raises OSError where that is not allowed.
    """
    uid, gid = os.geteuid(), os.getegid()
    if ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "user namespaces are not allowed")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{_nobody()} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{_nobody()} {gid} 1")


def possible() -> bool:
    """Whether `put_on` works here: tried, for nothing else tells."""
    if sys.platform != "linux":
        return False
    try:
        subprocess.run(["/bin/true"], preexec_fn=put_on, check=True)
    except (OSError, subprocess.SubprocessError):
        return False
    return True


def _nobody() -> int:
    # A user that exists: PostgreSQL looks up the name of who runs it.
    try:
        return pwd.getpwnam("nobody").pw_uid
    except KeyError:
        return _NOBODY
