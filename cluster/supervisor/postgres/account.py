"""Who runs the server: ourselves, or for root an account without rights, because PostgreSQL refuses to run as root."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cluster.core.errors import CannotStart
from cluster.supervisor.postgres import disguise

NAMES = ("postgres", "taskmaster")
"""The accounts that may be borrowed, best first; the last is created when there is none."""


@dataclass(frozen=True, slots=True)
class Account:
    """A user of the operating system. `borrowed`: not us, so files must be given to it and processes moved to it.

    `disguised`: ourselves, root, in a namespace where that is an ordinary user.
    """

    name: str
    uid: int
    gid: int
    borrowed: bool
    disguised: bool = False

    def can_enter(self, folder: Path) -> bool:
        """Whether it may pass through `folder` and all above it, by owner and mode; access lists are not read."""
        return not self.borrowed or all(self._may_pass(path) for path in (folder, *folder.parents))

    def process(self, then: Callable[[], None] | None = None) -> dict[str, Any]:
        """Arguments for subprocess that run a program as this account, in a folder it can be in.

        `then` is called in the child when it has become this account; it may only make system calls.
        """
        drop = {"user": self.uid, "group": self.gid, "extra_groups": ()} if self.borrowed else {}
        steps = [step for step in (disguise.put_on if self.disguised else None, then) if step is not None]
        return {"cwd": "/", "preexec_fn": (lambda: [step() for step in steps]) if steps else None, **drop}

    def _may_pass(self, folder: Path) -> bool:
        status = folder.stat()
        shift = 6 if status.st_uid == self.uid else 3 if status.st_gid == self.gid else 0
        return bool(status.st_mode >> shift & 1)


def server_account() -> Account:
    """Ourselves, unless we are root. Raises CannotStart when root finds no account and cannot make one."""
    if os.geteuid() != 0:
        return Account(str(os.geteuid()), os.geteuid(), os.getegid(), borrowed=False)
    for name in NAMES:
        if account := _find(name):
            return account
    _create(NAMES[-1])
    account = _find(NAMES[-1])
    if account is None:
        raise CannotStart(f"the user {NAMES[-1]} was created but cannot be found")
    return account


def disguised() -> Account | None:
    """root as it looks in a namespace where it is an ordinary user; None where that is not to be had."""
    return Account("root", os.geteuid(), os.getegid(), borrowed=False, disguised=True) if disguise.possible() else None


def _find(name: str) -> Account | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return Account(name, entry.pw_uid, entry.pw_gid, borrowed=True)


def _create(name: str) -> None:
    advice = f"create one (useradd --system {name}), run TaskMaster as another user, or set DATABASE_URL"
    program = shutil.which("useradd", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin")
    if program is None:
        raise CannotStart(f"PostgreSQL does not run as root, and there is no user postgres or {name}: {advice}")
    command = [
        program,
        "--system",
        "--no-create-home",
        "--home-dir",
        "/nonexistent",
        "--shell",
        "/usr/sbin/nologin",
        name,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode != 0:
        raise CannotStart(
            f"PostgreSQL does not run as root, and useradd {name} failed ({done.stderr.strip()}): {advice}"
        )
