"""One route: what it takes, what it answers, and the ASGI endpoint that does it.

The table of operations (app.py) is the only list of routes: the router and /openapi.json are both made from it.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from msgspec import Struct
from starlette.exceptions import HTTPException

from cluster.edge.answer import Answer, Receive, Scope, Send
from cluster.edge.body import BodyReader, parameters, read_body, refuse_body
from cluster.edge.payloads import Nothing

Handler = Callable[[Any], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Operation:
    """`takes`: the body of a POST (one of several types), or what is in the path of a POST whose path names the thing
    and which takes no body; the query and path parameters of a GET.

    `returns`: what each status carries, a type for JSON or a media type. `aliases`: other paths of the same thing.
    `store`: whether it needs PostgreSQL, and so may answer 503. `changes`: whether a read-only edge refuses it;
    None: as its method says.
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
    changes: bool | None = None

    @property
    def steers(self) -> bool:
        """Whether it may change something."""
        return self.method == "POST" if self.changes is None else self.changes

    @property
    def has_body(self) -> bool:
        return self.method == "POST" and "{" not in self.path


class Endpoint:
    """The ASGI side of an operation."""

    def __init__(self, operation: Operation) -> None:
        self.operation = operation
        self._reader = BodyReader(operation.takes)

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
        if not self.operation.has_body:
            await refuse_body(scope, receive)
            return parameters(self.operation.takes[0], b"", scope["path_params"])
        return self._reader.read(await read_body(scope, receive))


class Resource:
    """What answers at one path, whatever the method: so that a longer pattern is not asked when the method is wrong.

    State: an endpoint for each method.
    """

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._endpoints = {operation.method: Endpoint(operation) for operation in operations}
        if "GET" in self._endpoints:
            self._endpoints["HEAD"] = self._endpoints["GET"]

    def __repr__(self) -> str:
        return f"<Resource {' '.join(map(repr, self._endpoints.values()))}>"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises HTTPException 405."""
        endpoint = self._endpoints.get(scope["method"])
        if endpoint is None:
            raise HTTPException(HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": ", ".join(self._endpoints)})
        await endpoint(scope, receive, send)
