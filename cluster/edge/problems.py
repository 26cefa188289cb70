"""What goes wrong, as RFC 9457 problem details: every refusal is one, and its `detail` says what to change."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated

import msgspec
from msgspec import Meta, Struct
from starlette.exceptions import HTTPException

from cluster.core.errors import (
    InvalidTask,
    NotFound,
    OutcomeUnknown,
    PayloadTooLarge,
    StoreUnavailable,
    TaskMasterError,
    TooBusy,
)
from cluster.edge.answer import Answer

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER = ("retry-after", "1")


class Problem(Struct, kw_only=True):
    """RFC 9457 problem details."""

    type: str = "about:blank"
    title: Annotated[str, Meta(description="The HTTP status in words")]
    status: Annotated[int, Meta(ge=400, le=599)]
    detail: Annotated[str, Meta(description="What was wrong, and what to change")]


class Refused(TaskMasterError):
    """The request cannot be answered as it is."""

    def __init__(self, status: HTTPStatus, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.headers = dict(headers or {})


def problem_of(error: Exception, path: str) -> Answer:
    """The answer to a request that ended in `error`. What nobody foresaw is a 500 that gives nothing away."""
    match error:
        case Refused():
            answer = problem(error.status, error.detail, *error.headers.items())
        case InvalidTask():
            too_large = isinstance(error, PayloadTooLarge)
            status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE if too_large else HTTPStatus.UNPROCESSABLE_ENTITY
            answer = problem(status, error.detail)
        case NotFound():
            answer = problem(HTTPStatus.NOT_FOUND, error.detail)
        case OutcomeUnknown() | TooBusy():
            answer = problem(HTTPStatus.SERVICE_UNAVAILABLE, error.detail, RETRY_AFTER)
        case StoreUnavailable():
            detail = "PostgreSQL does not answer; nothing was acknowledged, try again in a moment"
            answer = problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, RETRY_AFTER)
        case HTTPException(status_code=404):
            detail = f"there is nothing at {path[:200]}; /openapi.json lists every route"
            answer = problem(HTTPStatus.NOT_FOUND, detail)
        case HTTPException(status_code=405):
            allowed = ", ".join(sorted((error.headers or {}).get("Allow", "").split(", ")))
            detail = f"this route answers {allowed} only"
            answer = problem(HTTPStatus.METHOD_NOT_ALLOWED, detail, ("allow", allowed))
        case _:
            detail = "something went wrong on our side; the log of the edge says what"
            answer = problem(HTTPStatus.INTERNAL_SERVER_ERROR, detail)
    return answer


def problem(status: HTTPStatus, detail: str, *headers: tuple[str, str]) -> Answer:
    told = Problem(title=status.phrase, status=status.value, detail=detail)
    return Answer(status, msgspec.json.encode(told), MEDIA_TYPE, headers)
