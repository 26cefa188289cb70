"""An edge for those who only look: it refuses whatever would change something, whoever asks.

Not a lock on the whole cluster: other edges of the same database take tasks and orders as ever. So a wall display, or
people who shall not steer, get an edge of their own with DASHBOARD=read_only.
"""

from dataclasses import replace
from http import HTTPStatus

from msgspec import Struct

from cluster.edge.answer import Answer
from cluster.edge.operation import Operation
from cluster.edge.problems import Refused

_DETAIL = "this edge is read-only (DASHBOARD=read_only): nothing can be changed here; use another edge of this cluster"


def looked_at(operations: list[Operation]) -> list[Operation]:
    """The same routes, of which those that would change something refuse."""
    return [replace(operation, handle=_refuse) if operation.steers else operation for operation in operations]


async def _refuse(_asked: Struct) -> Answer:
    raise Refused(HTTPStatus.FORBIDDEN, _DETAIL)
