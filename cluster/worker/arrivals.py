"""Messages with leases become runs; nothing of a message is kept, which would hold it as long as any of its leases."""

from cluster.wire import taskmaster_pb2 as pb
from cluster.wire.columns import split_ids, spread
from cluster.worker.run import Run


def runs_of(leases: pb.LeaseColumns) -> list[Run]:
    """The leases of a batch. Raises ValueError when its columns do not fit each other."""
    ids = split_ids(leases.task_ids)
    count = len(ids)
    return list(
        map(
            Run,
            ids,
            spread(leases.lease_tokens, count, 0),
            spread(leases.commands, count, ""),
            spread(leases.payloads, count, b""),
            spread(leases.attempts, count, 1),
            map(_seconds, spread(leases.timeouts_ms, count, 0)),
        )
    )


def run_of(request: pb.TaskRequest, task_id: bytes) -> Run:
    """The lease of a single task, given through SubmitTask."""
    return Run(
        task_id,
        request.lease_token,
        request.command,
        request.payload,
        request.attempt,
        _seconds(request.timeout_ms),
        simple=True,
    )


def _seconds(milliseconds: int) -> float | None:
    return milliseconds / 1000 or None
