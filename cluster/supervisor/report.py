"""What the supervisor tells a coordinator about its children."""

from cluster.supervisor.child import Child, Phase
from cluster.supervisor.crew import Crew
from cluster.wire import taskmaster_pb2 as wire

STATES = {
    Phase.WAITING: "starting",
    Phase.STARTING: "starting",
    Phase.RUNNING: "running",
    Phase.BACKING_OFF: "backing_off",
    Phase.DRAINING: "draining",
    Phase.FAILED: "failed",
}
"""Phases as the wire contract calls them; a child in any other one is not there."""


def make_report(supervisor_id: str, host: str, crew: Crew) -> wire.SupervisorReport:
    """A report without outcomes of orders and ends of workers."""
    children = [_child(child) for child in crew.children() if child.phase in STATES]
    return wire.SupervisorReport(
        supervisor_id=supervisor_id, host=host, desired_workers=crew.desired, children=children
    )


def _child(child: Child) -> wire.Child:
    role = child.role
    return wire.Child(name=role.name, role=role.kind, pid=child.pid, state=STATES[child.phase], restarts=child.restarts)
