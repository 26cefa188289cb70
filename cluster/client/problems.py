"""What goes wrong becomes the error tree of `cluster.core.errors`, with the edge's own words."""

from typing import NoReturn

import httpx
import msgspec

from cluster.core.errors import (
    CoordinatorUnavailable,
    EdgeUnavailable,
    InvalidTask,
    NotFound,
    PayloadTooLarge,
    SettingsError,
    StoreUnavailable,
    TaskMasterError,
    WrongState,
)
from cluster.runtime.variables import is_host

PASSING = (EdgeUnavailable, StoreUnavailable, CoordinatorUnavailable)
"""Worth another try after a moment."""

REPEAT_AFTER = (0.1, 0.3, 0.9)
"""Seconds before a repeatable request is sent again after one of PASSING."""

_BY_STATUS: dict[int, type[TaskMasterError]] = {
    404: NotFound,
    409: WrongState,
    413: PayloadTooLarge,
    502: EdgeUnavailable,
    503: StoreUnavailable,
    504: EdgeUnavailable,
}


class _Problem(msgspec.Struct):
    """RFC 9457, as much of it as we read."""

    detail: str = ""
    title: str = ""


def problem(status: int, content: bytes) -> TaskMasterError:
    """The error that an answer with this status means; its detail is the edge's."""
    try:
        told = msgspec.json.decode(content, type=_Problem)
        detail = told.detail or told.title
    except msgspec.DecodeError:
        detail = ""
    kind = _BY_STATUS.get(status, InvalidTask if 400 <= status < 500 else TaskMasterError)
    return kind(detail or f"the edge answered {status} without saying why")


def unreachable(url: httpx.URL | str, error: httpx.TransportError) -> EdgeUnavailable:
    """The error that a connection that failed or broke means."""
    why = str(error) or type(error).__name__
    return EdgeUnavailable(f"the edge does not answer at {url} ({why}); is `taskmaster up` running?")


def checked_url(url: str) -> httpx.URL:
    """`url` parsed; SettingsError unless it is http(s)://host[:port]."""
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, UnicodeError):
        _refuse(url)
    if parsed.scheme not in {"http", "https"} or not is_host(parsed.raw_host.decode()):
        _refuse(url)
    return parsed


def through_proxy(url: httpx.URL) -> bool:
    """Whether the proxy settings of the environment may apply: never to this machine."""
    return url.host not in {"localhost", "127.0.0.1", "::1"}


def _refuse(url: str) -> NoReturn:
    raise SettingsError(f"{url!r} is not the address of an edge; it looks like http://127.0.0.1:8081")
