"""The folders a server needs, owned by the account that runs it."""

import os
import stat
from pathlib import Path

from cluster.core.errors import CannotStart
from cluster.supervisor.postgres.account import Account, disguised

PASSABLE = 0o711
PRIVATE = 0o700


def let_in(home: Path, account: Account) -> Account:
    """Make `home`, and let `account` pass through it; returns who is to run the server.

    Nothing above `home` is changed. If that keeps the account out, root runs the server itself, in disguise; where it
    cannot: CannotStart.
    """
    try:
        home.mkdir(parents=True, exist_ok=True)
        closed = next((path for path in reversed(home.parents) if not account.can_enter(path)), None)
        if closed is None and not account.can_enter(home):
            home.chmod(stat.S_IMODE(home.stat().st_mode) | 0o011)
    except OSError as error:
        raise CannotStart(f"{home} cannot be used for data ({error.strerror}); set TASKMASTER_HOME") from error
    if closed is None:
        return account
    if ourselves := disguised():
        return ourselves
    raise CannotStart(
        f"PostgreSQL runs as the user {account.name}, which may not enter {closed}; "
        "set TASKMASTER_HOME to a folder elsewhere"
    )


def private_folder(path: Path, account: Account) -> Path:
    """`path` as a folder that `account` owns and nobody else may enter. CannotStart if somebody else made it first."""
    path.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
    # lstat: in a folder that everybody may write to, a link could lead to anything.
    status = path.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid not in {os.geteuid(), account.uid}:
        raise CannotStart(f"{path} belongs to somebody else; remove it or set TASKMASTER_HOME to another folder")
    path.chmod(PRIVATE)
    if account.borrowed:
        os.chown(path, account.uid, account.gid)
    return path
