"""The ASGI application: one table of operations, a router, and around it what every request goes through."""

import re
import time
from collections.abc import Iterable

from starlette.requests import ClientDisconnect
from starlette.routing import Route, Router

from cluster.core.errors import TaskMasterError
from cluster.edge.answer import Answer, Message, Receive, Scope, Send
from cluster.edge.metrics import Metrics
from cluster.edge.operation import Operation, Resource
from cluster.edge.origin import Doorkeeper
from cluster.edge.problems import problem_of
from cluster.edge.stream import Stream
from cluster.runtime import telemetry

STREAM_PATH = "/api/logs/stream"
_UNKNOWN = "unknown"


def create_router(operations: Iterable[Operation], stream: Stream, pages: Iterable[Route] = ()) -> Router:
    """The busiest operations first: routes are tried in order. But what is spelled out comes before what is a pattern,
    or /api/tasks/cancel would be taken for /api/tasks/{task_id}. `pages`: what people look at.
    """
    resources: dict[str, list[Operation]] = {}
    for operation in operations:
        for path in (operation.path, *operation.aliases):
            resources.setdefault(path, []).append(operation)
    routes = [_route(path, Resource(resources[path])) for path in sorted(resources, key=lambda path: "{" in path)]
    return Router([*routes, Route(STREAM_PATH, stream, methods=["GET"]), *pages], redirect_slashes=False)


def _route(path: str, resource: Resource) -> Route:
    route = Route(path, resource)
    # The name of a queue may hold slashes, and %2F is one by the time that routes are tried.
    pattern = route.path_regex.pattern.replace("(?P<queue>[^/]+)", "(?P<queue>.+)")
    route.path_regex = re.compile(pattern, re.DOTALL)
    return route


class Application:
    """Who may ask, what went wrong, how long it took. State: none; each request has an `_Exchange` of its own."""

    def __init__(self, router: Router, doorkeeper: Doorkeeper, metrics: Metrics) -> None:
        self._router = router
        routes = [route for route in router.routes if isinstance(route, Route)]
        self._spelled_out = {route.path: route for route in routes if "{" not in route.path}
        self._doorkeeper = doorkeeper
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Starlette raises for unknown routes and methods, instead of answering in plain text, when there is an app.
        scope["app"] = self
        started = time.perf_counter()
        exchange = _Exchange(send)
        try:
            self._doorkeeper.check(scope)
            await self._route(scope, receive, exchange.send)
        except ClientDisconnect:
            telemetry.tally("client_disconnected")
        except Exception as error:  # noqa: BLE001 - the boundary: whatever it is, the client gets a problem, the log an event
            await self._refuse(scope, exchange, error)
        self._measure(scope, exchange, time.perf_counter() - started)

    async def _route(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Paths that are spelled out are looked up; only for the others is the router asked, which tries one pattern
        # after the other.
        route = self._spelled_out.get(scope["path"])
        if route is None:
            await self._router(scope, receive, send)
        else:
            scope["route"], scope["path_params"] = route, {}
            await route.handle(scope, receive, send)

    async def _refuse(self, scope: Scope, exchange: "_Exchange", error: Exception) -> None:
        answer = problem_of(error, scope["path"])
        if answer.status >= 500:
            _report(scope, error, answer)
        if exchange.status is None:
            await answer.send(exchange.send)

    def _measure(self, scope: Scope, exchange: "_Exchange", seconds: float) -> None:
        if exchange.status is None:
            return
        route = scope.get("route")
        path = route.path if isinstance(route, Route) else _UNKNOWN
        # An invented method would be a label of its own, and labels are for ever.
        method = scope["method"] if path != _UNKNOWN and exchange.status != 405 else _UNKNOWN
        self._metrics.answered(method, path, exchange.status)
        if path != STREAM_PATH:
            self._metrics.took(method, path, seconds)


class _Exchange:
    """Remembers the status of the answer. State: that."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status: int | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        await self._send(message)


def _report(scope: Scope, error: Exception, answer: Answer) -> None:
    if isinstance(error, TaskMasterError) and answer.status != 500:
        telemetry.tally("request_unavailable")
        return
    where = f"{scope['method']} {scope['path']}"
    telemetry.emit("request_failed", level="error", request=where, error=str(error), exc_info=error)
