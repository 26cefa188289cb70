"""The client for programs: post tasks, watch them, cancel them or run them again, scale the cluster.

    from cluster.client import Client

    with Client("http://127.0.0.1:8081") as cluster:
        posted = cluster.schedule("thumbnail", {"path": "/srv/a.jpg"}, priority=5)
        [task] = cluster.wait([posted.task_id])
        print(task.status, task.result)

`AsyncClient` says the same with `await`. Both are thin: what is asked and how the answer is read is one `Call` value,
made by pure functions (`calls`), so that the two differ only in how they wait.

`posting`      what is posted: `new_task(...)` checks the limits before anything is sent
`calls`        one function per route: method, path, body, and how to read the answer
`answers`      what comes back, as typed values
`problems`     problem+json and broken connections → the error tree of `cluster.core.errors`
`stream`       Server-Sent Events: bytes → events, and where to resume
`watchlist`    waiting for thousands of tasks without asking for all of them all the time
`sync`, `asynchronous`   the two clients
`transaction`  enqueue on your own psycopg connection: the task exists if and only if your transaction commits
               (`from cluster.client.transaction import enqueue`; apart, so that HTTP programs do not load PostgreSQL's)

**Never twice.** The client makes the task ids (UUIDv7). A request whose connection broke, or that was answered 503, is
repeated with the same ids; the edge answers with the first task if the first request got through. Only `kill` and
`drain` are never repeated: the name may belong to a fresh worker by then.
"""

from cluster.client.answers import (
    Attempt,
    Change,
    Changes,
    Command,
    LogEvent,
    Parameter,
    Pause,
    Queue,
    Scheduled,
    Stats,
    Task,
    Why,
    Worker,
)
from cluster.client.asynchronous import AsyncClient
from cluster.client.posting import new_task
from cluster.client.sync import Client

__all__ = [
    "AsyncClient",
    "Attempt",
    "Change",
    "Changes",
    "Client",
    "Command",
    "LogEvent",
    "Parameter",
    "Pause",
    "Queue",
    "Scheduled",
    "Stats",
    "Task",
    "Why",
    "Worker",
    "new_task",
]
