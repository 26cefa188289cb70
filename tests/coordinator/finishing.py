"""What the finisher writes for: a worker with its leases, and batches of their outcomes."""

import time

from cluster.coordinator.reports import Batch, LeaseOutcome
from cluster.coordinator.session import HeldLease, Policy, WorkerSession
from cluster.core.outcome import Outcome
from cluster.store import leases as store
from tests.coordinator.conftest import add


def worker_session() -> WorkerSession:
    return WorkerSession(
        session_id=1,
        worker_id="w-1",
        name="w",
        address="127.0.0.1:1",
        slots=5,
        streaming=True,
        policies={"noop": Policy.of()},
        heard_at=time.monotonic(),
    )


async def claimed(conn, session: WorkerSession, count: int) -> list[HeldLease]:
    slots = store.Slots([0] * count, [session.session_id], [session.worker_id])
    leases = await store.claim(conn, slots, HeldLease)
    for lease in leases:
        lease.under(Policy.of(max_attempts=3))
    return leases


async def leased(conn, session: WorkerSession, count: int) -> list[HeldLease]:
    await add(conn, count)
    held = await claimed(conn, session, count)
    session.leases = {lease.key: lease for lease in held}
    return held


def batch_of(session: WorkerSession, outcomes: list[tuple[HeldLease, Outcome]], stale: list) -> Batch:
    batch = Batch(session, time.monotonic(), stale.extend)
    batch.outcomes = [LeaseOutcome(lease, outcome, 10, 5) for lease, outcome in outcomes]
    return batch
