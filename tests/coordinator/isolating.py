"""Tasks whose workers crashed twice, and who holds them."""

from collections.abc import Sequence
from uuid import UUID

from cluster.coordinator.coordinator import Coordinator
from cluster.store.pool import Connection
from tests.coordinator.conftest import add
from tests.coordinator.peer import Lease, PeerWorker


async def add_isolated(conn: Connection, count: int = 1, command: str = "noop") -> list[UUID]:
    """Tasks whose workers crashed twice."""
    ids = await add(conn, count, command=command, delay=3600)
    await conn.execute(
        "UPDATE tasks SET state = 5, crash_count = 2, scheduled_at = statement_timestamp() WHERE id = ANY (%s)", [ids]
    )
    return ids


async def held_by(conn: Connection, worker: PeerWorker) -> list[UUID]:
    """What PostgreSQL knows that it holds."""
    rows = await (await conn.execute("SELECT id FROM tasks WHERE session_id = %s", [worker.session_id])).fetchall()
    return [task_id for (task_id,) in rows]


def given(worker: PeerWorker, ids: Sequence[UUID]) -> list[Lease]:
    keys = {task_id.bytes for task_id in ids}
    return [lease for lease in worker.leases if lease.task_id in keys]


def reserved(coordinator: Coordinator, worker: PeerWorker) -> bool:
    return f" {worker.name} " in repr(coordinator._isolation)
