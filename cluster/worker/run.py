"""One lease in the hands of this worker."""

import asyncio
from uuid import UUID

from msgspec import Struct

from cluster.core.outcome import Outcome

NEVER = 1 << 62
"""Later than any instant of the monotonic clock, in nanoseconds."""


class Run(Struct, eq=False):
    """What was leased, and how far it got. A Struct, not a dataclass: one is made for every task, and it costs half.

    `task_id`: the UUID's 16 bytes. `payload`: a JSON object in UTF-8, empty = {}. `timeout`: seconds, None = none.
    `simple`: it came through SubmitTask and is reported through UpdateTaskStatus.

    State, written by the task thread until `outcome` is set and by nobody afterwards: `started` and `finished`
    (monotonic nanoseconds, 0 = not yet), `due` (when the run must be looked at again), `deadline`, `verdict` (what to
    report whatever the function returns, for we cancelled it), `silent` (report nothing), and `outcome`.
    """

    task_id: bytes
    token: int
    command: str
    payload: bytes
    attempt: int
    timeout: float | None = None
    simple: bool = False
    started: int = 0
    finished: int = 0
    due: int = NEVER
    deadline: int = NEVER
    announced: bool = False
    silent: bool = False
    verdict: Outcome | None = None
    outcome: Outcome | None = None
    task: asyncio.Task[None] | None = None

    @property
    def key(self) -> tuple[bytes, int]:
        """What makes this lease this lease."""
        return (self.task_id, self.token)

    @property
    def uuid(self) -> UUID:
        return UUID(bytes=self.task_id)
