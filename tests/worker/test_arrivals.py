"""What a message says of its leases, and what becomes of them."""

from uuid import uuid4

import pytest

from cluster.wire import taskmaster_pb2 as pb
from cluster.worker.arrivals import runs_of
from cluster.worker.run import Run


def facts(run: Run) -> tuple[object, ...]:
    return (run.task_id, run.token, run.command, run.payload, run.attempt, run.timeout)


def test_columns_speak_of_each_lease_or_of_all_or_of_none() -> None:
    ids = [uuid4().bytes for _ in range(3)]
    columns = pb.LeaseColumns(
        task_ids=b"".join(ids), lease_tokens=[7, 8, 9], commands=["add"], attempts=[1, 2, 1], payloads=[b"", b"{}", b""]
    )
    assert [facts(run) for run in runs_of(columns)] == [
        (ids[0], 7, "add", b"", 1, None),
        (ids[1], 8, "add", b"{}", 2, None),
        (ids[2], 9, "add", b"", 1, None),
    ]
    bare = pb.LeaseColumns(task_ids=ids[0], lease_tokens=[7], commands=["add"], timeouts_ms=[1500])
    assert facts(*runs_of(bare)) == (ids[0], 7, "add", b"", 1, 1.5)


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (pb.LeaseColumns(task_ids=bytes(17)), "no whole number of ids"),
        (pb.LeaseColumns(task_ids=bytes(48), lease_tokens=[1, 2]), "2 entries for 3 items"),
    ],
)
def test_columns_that_do_not_fit_each_other_are_refused(columns: pb.LeaseColumns, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        runs_of(columns)
