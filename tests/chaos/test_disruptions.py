"""Faults as spans of time: which end belongs to which beginning."""

from tests.chaos.checks.disruptions import disruptions_of
from tests.chaos.history import Fault, History, Start

WORKERS = frozenset({"worker-1"})


def test_a_worker_that_dies_amid_its_own_fault_leaves_its_end_to_nobody_else() -> None:
    """The block of its next life is another one."""

    def block(t: int, pid: int, phase: str) -> Fault:
        return Fault(t=t, process="worker-1", pid=pid, fault="block", target="worker-1", phase=phase, target_pid=pid)

    run = {"process": "worker-1", "task_id": "01a205ee-620f-708a-b090-c82df419c9e1", "attempt": 1, "token": 1}
    start = Start(t=30, pid=2, execution="a8cf9665-7a72-4a73-93b3-18e3a6512f95", **run)
    history = History.of([block(10, 1, "begin"), start, block(100, 2, "begin"), block(110, 2, "end")])
    assert [(one.begin, one.end) for one in disruptions_of(history, WORKERS)] == [(10, 30), (100, 110)]
