"""One route: what it takes, what it answers, and the ASGI endpoint that does it.

The table of operations (app.py) is the only list of routes: the router and /openapi.json are both made from it.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from msgspec import Struct

from cluster.edge.answer import Answer, Receive, Scope, Send
from cluster.edge.body import decoded, parameters, read_body, reader
from cluster.edge.payloads import Nothing

Handler = Callable[[Any], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Operation:
    """`takes`: the body of a POST (one of several types), the query and path parameters of a GET.

    `returns`: what each status carries, a type for JSON or a media type. `aliases`: other paths of the same thing.
    `store`: whether it needs PostgreSQL, and so may answer 503.
    """

    method: str
    path: str
    summary: str
    handle: Handler
    returns: Mapping[HTTPStatus, Any]
    takes: tuple[type[Struct], ...] = (Nothing,)
    aliases: tuple[str, ...] = ()
    description: str = ""
    refusals: frozenset[HTTPStatus] = field(default_factory=frozenset)
    store: bool = True


class Endpoint:
    """The ASGI side of an operation."""

    def __init__(self, operation: Operation) -> None:
        self.operation = operation
        self._read = reader(operation.takes)

    def __repr__(self) -> str:
        return f"<Endpoint {self.operation.method} {self.operation.path}>"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = await self.operation.handle(await self._asked(scope, receive))
        await answer.send(send)

    async def _asked(self, scope: Scope, receive: Receive) -> Struct:
        if self.operation.method == "GET":
            return parameters(self.operation.takes[0], scope["query_string"], scope["path_params"])
        if scope["query_string"]:
            parameters(Nothing, scope["query_string"], {})
        return decoded(self._read, await read_body(scope, receive))
