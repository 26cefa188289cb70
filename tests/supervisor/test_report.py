"""What a coordinator is told about the children."""

import os
import signal

from cluster.supervisor.report import make_report
from cluster.supervisor.runtimes.processes.processes import Processes
from cluster.supervisor.runtimes.processes.roles import Stage
from cluster.wire import taskmaster_pb2 as wire
from tests.fixtures.eventually import eventually
from tests.supervisor.fixtures.troupe import Troupe


def states(report: wire.SupervisorReport) -> dict[str, str]:
    return {child.name: child.state for child in report.children}


async def test_a_report_tells_every_child_that_is_there(troupe: Troupe) -> None:
    migrate = troupe.role("migrate", Stage.SCHEMA, "fail", "0", once=True)
    edge = troupe.role("edge", Stage.EDGE, ready=lambda: False)
    runtime = Processes([migrate, edge], troupe.worker, 2)

    before = make_report("here", "host", runtime)
    assert (before.supervisor_id, before.host, before.desired_workers) == ("here", "host", 2)
    assert states(before) == {"migrate": "starting", "edge": "starting"}

    def edge_alone() -> wire.SupervisorReport | None:
        runtime.crew.advance(0.0)
        report = make_report("here", "host", runtime)
        return report if states(report) == {"edge": "starting"} else None

    # What is done once is gone when it is done.
    report = await eventually(edge_alone)
    [child] = report.children
    assert (child.role, child.restarts) == ("edge", 0)
    os.kill(child.pid, signal.SIGKILL)

    def backing_off() -> wire.Child | None:
        runtime.crew.advance(0.0)
        [child] = make_report("here", "host", runtime).children
        return child if child.state == "backing_off" else None

    assert (await eventually(backing_off)).pid == 0
