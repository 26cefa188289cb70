"""What a run's report says, and that it says how to see it again."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import msgspec

from cluster.core.task import State
from tests.chaos.checks.violation import Violation
from tests.chaos.history import Fault, History, Memory, Ok, Start
from tests.chaos.logs import unexpected_in
from tests.chaos.report import Ran, Report, report_of
from tests.chaos.schedule import Planned
from tests.chaos.tables import Row, Tables

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
COMMAND = "python -m tests.chaos --seed 7"
MIB = 2**20


def a_report(violations: list[Violation], problems: list[str]) -> Report:
    task_id = uuid4()
    row = Row(id=task_id, state=State.COMPLETE, command="chaos-quick", scheduled_at=NOW, created_at=NOW)
    runs = [Start(t=t, process="worker-1", pid=1, task_id=task_id, attempt=1, execution=uuid4()) for t in (1, 2)]
    history = History.of(
        [
            Ok(t=0, process="client-1", pid=9, op="enqueue", call="client-1/1", task_ids=(task_id,), status=201),
            *runs,
            Fault(t=3, process="worker-1", pid=1, fault="crash claim:after:1", target="worker-1", phase="begin"),
            Memory(t=4, process="run", pid=9, target="worker-1", target_pid=1, rss_bytes=50 * MIB, phase="baseline"),
            Memory(t=5, process="run", pid=9, target="worker-2", target_pid=2, rss_bytes=60 * MIB, phase="baseline"),
        ]
    )
    tables = Tables(finished=(row,), taken_at=NOW, taken_t=9)
    ran = Ran(COMMAND, 60.0, [Planned(1.0, "kill", "edge-1", 0.0)], {"edge -9": 1}, problems)
    return report_of(ran, history, tables, violations)


def test_a_report_counts_what_happened() -> None:
    report = a_report([], [])

    assert report.good
    assert (report.tasks, report.acknowledged, report.executions, report.run_again) == (1, 1, 2, 1)
    assert report.faults == {"kill": 1}
    assert report.crashes == {"worker crash claim:after:1": 1}
    assert report.memory["worker"].baseline == 60
    assert report.text().endswith(f"replay: {COMMAND}\nnothing was violated")


def test_a_violation_and_a_problem_each_spoil_a_run() -> None:
    lost = a_report([Violation("lost", "was acknowledged", uuid4())] * 30, [])
    assert not lost.good
    assert lost.lost == 30
    assert "VIOLATION lost: 10 more" in lost.text()

    stuck = a_report([], ["the backlog did not drain"])
    assert not stuck.good
    assert "PROBLEM the backlog did not drain" in stuck.text()


def test_a_report_survives_its_file() -> None:
    report = a_report([], [])
    assert msgspec.json.decode(msgspec.json.encode(report), type=Report) == report


def test_what_nobody_expects_in_a_log_is_found_and_counted(tmp_path: Path) -> None:
    mistake = {
        "role": "edge",
        "event": "request_failed",
        "exception": "Traceback (most recent call last):\n  File …\nKeyError: 'x'",
    }
    calm = {"role": "worker", "event": "coordinator_lost", "level": "warning"}
    log = tmp_path / "log"
    log.write_bytes(b"\n".join([msgspec.json.encode(line) for line in (mistake, calm, mistake)]))

    assert unexpected_in(log) == ["edge request_failed: KeyError: 'x' (2 times)"]
