"""The Procfile runs the same cluster as `taskmaster up`."""

import shutil
import signal
import sysconfig
from pathlib import Path

from tests.acceptance.cluster import RunningCluster
from tests.acceptance.processes import CHECKOUT


async def test_honcho_start_runs_the_same_cluster(own: RunningCluster) -> None:
    scripts = sysconfig.get_path("scripts")
    own.settings["PATH"] = f"{scripts}:{own.env['PATH']}"
    own.settings["WORKERS"] = "2"
    honcho = shutil.which("honcho", path=scripts)
    assert honcho, "honcho is one of the test dependencies"
    program = own.start_program([honcho, "-f", str(CHECKOUT / "Procfile"), "-d", str(Path(own.folder)), "start"])
    await own.ready(2)

    tasks = await own.finished(own.enqueue_many("wait", 20, {"seconds": 0.1}))
    assert {task["status"] for task in tasks} == {"COMPLETE"}
    assert len(own.processes("cluster.worker")) == 2

    program.send(signal.SIGTERM)
    program.wait(40)
    await own.nothing_left()
