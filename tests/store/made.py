"""What the tests of the store put into it."""

from uuid import UUID

from cluster.core.new_task import NewTask
from cluster.core.task import State
from cluster.runtime.ids import new_id
from cluster.store import leases, sessions, tasks
from cluster.store.leadership import elect
from cluster.store.leases import Finished, Held, LeasedTask, Slots, Started
from cluster.store.pool import Connection
from cluster.store.sessions import Registration
from cluster.store.tasks import Enqueued, TaskRow

TTL = 60.0


def new(command: str = "noop", **facts: object) -> NewTask:
    return NewTask(**{"id": new_id(), "command": command, **facts})


async def add(conn: Connection, count: int, command: str = "noop", **facts: object) -> list[Enqueued]:
    return await tasks.enqueue(conn, [new(command, **facts) for _ in range(count)])


def registration(name: str = "worker-1", suffix: str = "0000abcd", **facts: object) -> Registration:
    return Registration(
        **{
            "worker_id": f"{name}-{suffix}",
            "name": name,
            "address": "127.0.0.1:1",
            "coordinator": "c1",
            "slots": 5,
            "streaming": True,
            "handlers": ("noop",),
            **facts,
        }
    )


async def session(conn: Connection, name: str = "worker-1", ttl: float = TTL, **facts: object) -> int:
    return await sessions.open_session(conn, registration(name, **facts), ttl)


async def claim(
    conn: Connection, count: int, session_id: int = 1, worker_id: str = "worker-1-0000abcd"
) -> list[LeasedTask]:
    return await leases.claim(conn, Slots([0] * count, [session_id], [worker_id]), LeasedTask)


def held(*leased: LeasedTask) -> list[Held]:
    return [Held(task.id, task.lease_token) for task in leased]


async def start(conn: Connection, *leased: LeasedTask) -> set[object]:
    return await leases.start(conn, [Started(lease, 0) for lease in held(*leased)])


def finished(
    lease: Held, state: State = State.COMPLETE, result: bytes | None = None, error: str | None = None
) -> Finished:
    return Finished(lease.task_id.bytes, lease.token, state, 2000, 1000, result, error)


async def finish(conn: Connection, *leased: LeasedTask, state: State = State.COMPLETE) -> set[object]:
    accepted = await leases.finish(conn, [finished(lease, state) for lease in held(*leased)])
    return {UUID(bytes=key) for key in accepted}


async def row(conn: Connection, task_id: object) -> TaskRow:
    found = await tasks.get_task(conn, task_id)
    assert found is not None
    return found


async def lead(conn: Connection, holder: str = "c1") -> int:
    """The epoch in which `holder` leads from now on."""
    await conn.execute("UPDATE leader SET expires_at = '-infinity'")
    leadership = await elect(conn, holder, TTL)
    assert leadership.leading
    return leadership.epoch


async def scalar(conn: Connection, query: str) -> object:
    found = await (await conn.execute(query)).fetchone()
    assert found is not None
    return found[0]
