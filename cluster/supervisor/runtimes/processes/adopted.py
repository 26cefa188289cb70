"""Process number 1 of a container inherits every orphan in it and has to collect those that end."""

import os
from collections.abc import Set


def reap_adopted(ours: Set[int]) -> int:
    """Collect ended children that nobody here started, and say how many; `ours` are left to those who wait for them."""
    reaped = 0
    try:
        while (ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) and ended.si_pid not in ours:
            os.waitpid(ended.si_pid, 0)
            reaped += 1
    except ChildProcessError:  # no child at all
        pass
    return reaped
