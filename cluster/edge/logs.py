"""The route of the activity log: the last events at once. Live ones: stream.py."""

from http import HTTPStatus

from cluster.edge.answer import Answer
from cluster.edge.feed import Feed
from cluster.edge.operation import Operation
from cluster.edge.payloads import Nothing
from cluster.edge.views import EventView


class Logs:
    """State: none."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed

    def operations(self) -> list[Operation]:
        """Its routes."""
        return [
            Operation(
                "GET", "/api/logs", "The last events, oldest first", self.recent, {HTTPStatus.OK: list[EventView]},
                store=False, description="Live: GET /api/logs/stream (server-sent events).",
            )
        ]  # fmt: skip

    async def recent(self, _asked: Nothing) -> Answer:
        return Answer(HTTPStatus.OK, self._feed.recent())
