"""Process 1 of a container collects the orphans it inherits."""

import subprocess
import sys

HEIR = """
import ctypes, os, subprocess, time
from cluster.supervisor.runtimes.processes.adopted import reap_adopted

ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER: orphans come to us as they come to process 1
ours = subprocess.Popen(["sleep", "600"])
subprocess.run(["sh", "-c", "true & true & exit 0"], check=True)

reaped, deadline = 0, time.monotonic() + 20
while reaped < 2 and time.monotonic() < deadline:
    reaped += reap_adopted({ours.pid})
    time.sleep(0.01)
ours.kill()
os.waitid(os.P_PID, ours.pid, os.WEXITED | os.WNOWAIT)
print(reaped, reap_adopted({ours.pid}), ours.wait())
"""


def test_orphans_are_reaped_and_our_own_children_are_not() -> None:
    done = subprocess.run([sys.executable, "-c", HEIR], capture_output=True, text=True, timeout=60, check=False)

    assert done.stdout.split() == ["2", "0", "-9"], done.stderr


def test_without_any_child_there_is_nothing_to_do() -> None:
    code = "from cluster.supervisor.runtimes.processes.adopted import reap_adopted; print(reap_adopted(set()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)

    assert done.stdout.strip() == "0", done.stderr
