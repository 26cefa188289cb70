"""GET /openapi.json: the description of every operation, this one included."""

from collections.abc import Sequence
from http import HTTPStatus
from importlib.metadata import version
from typing import Any

from cluster.edge.answer import Answer, told
from cluster.edge.openapi import describe
from cluster.edge.operation import Operation
from cluster.edge.payloads import Nothing

DISTRIBUTION = "taskmaster-cluster"


def documented(operations: Sequence[Operation]) -> list[Operation]:
    """The same operations and the one that describes them all."""

    async def document(_asked: Nothing) -> Answer:
        return answer

    own = Operation(
        "GET", "/openapi.json", "This document", document, {HTTPStatus.OK: dict[str, Any]}, store=False
    )  # fmt: skip
    described = [*operations, own]
    answer = told(describe(described, version(DISTRIBUTION)))
    return described
