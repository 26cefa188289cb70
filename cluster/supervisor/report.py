"""What the supervisor tells a coordinator about its workers."""

from cluster.supervisor.runtimes.runtime import Member, Runtime
from cluster.wire import taskmaster_pb2 as wire


def make_report(supervisor_id: str, host: str, runtime: Runtime) -> wire.SupervisorReport:
    """A report without outcomes of orders and ends of workers."""
    children = [_child(member) for member in runtime.members()]
    return wire.SupervisorReport(
        supervisor_id=supervisor_id, host=host, desired_workers=runtime.desired, children=children
    )


def _child(member: Member) -> wire.Child:
    return wire.Child(name=member.name, role=member.kind, pid=member.pid, state=member.state, restarts=member.restarts)
