"""Who may ask: no password guards this API, so a foreign page in the user's browser must not be able to use it.

Three doors a page could try. Posting from another site: a request with an Origin that is not ours is refused, and so is
a body that is not declared as JSON (a form cannot declare that). Reading from another site: there are no CORS headers,
so the browser keeps the answer from it. DNS rebinding, a foreign name that points to 127.0.0.1: while the edge listens
on loopback only, it answers to names of this machine and to plain addresses. In a container, which listens on every
interface and is published on the host's loopback, it cannot know its names: EDGE_NAMES says them. Without them it
answers to any, and whoever lets it listen elsewhere puts something in front that knows who may come in.
"""

import ipaddress
import socket
from collections.abc import Sequence
from functools import lru_cache
from http import HTTPStatus
from urllib.parse import urlsplit

from cluster.edge.answer import Scope
from cluster.edge.body import header
from cluster.edge.problems import Refused

_FORBIDDEN = HTTPStatus.FORBIDDEN
_FOREIGN = "this edge does not answer to {!r}; use localhost or 127.0.0.1, or add the name to EDGE_NAMES"
ANY = "*"


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach what listens on `host`."""
    return host == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback)


class Doorkeeper:
    """State: the names this edge answers to; None = any."""

    def __init__(self, host: str, names: Sequence[str] = ()) -> None:
        """`host`: what the edge listens on; `names`: what it is called, * = anything."""
        known = ANY not in names and (is_loopback(host) or bool(names))
        self._names = {"localhost", socket.gethostname().lower(), *names} if known else None

    def check(self, scope: Scope) -> None:
        """Raises Refused 403."""
        host = header(scope, b"host")
        if host is not None and self._names is not None and not self._is_ours(_name(host)):
            raise Refused(_FORBIDDEN, _FOREIGN.format(host[:100]))
        origin = header(scope, b"origin")
        if origin is not None and _authority(origin) != (host or "").lower():
            raise Refused(_FORBIDDEN, "requests from pages of other sites are refused; leave the Origin header out")

    def _is_ours(self, name: str) -> bool:
        names = self._names or ()
        return name in names or name.endswith(".localhost") or _is_address(name)


def _authority(origin: str) -> str | None:
    """host[:port] of an Origin header, as a Host header says it; None if it is no origin at all."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return None


def _name(host: str) -> str:
    """The Host header without its port and an IPv6 address without its brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].lower().rstrip(".")


@lru_cache(maxsize=64)
def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
