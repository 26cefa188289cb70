"""`http`: call one of the allowed hosts."""

from collections.abc import Sequence
from typing import Any

import httpx

from cluster.core.errors import BadArguments, TaskFailed
from cluster.core.limits import REPORT_BYTES
from cluster.worker.registry import Handler

KEPT_BYTES = REPORT_BYTES // 2
"""Of the answer's body; quoted as JSON it must fit into one report."""
SILENCE_SECONDS = 60.0
"""How long the host may say nothing; the whole call is bounded by the task's own timeout."""

_tls = httpx.create_ssl_context()  # reading the certificates takes longer than a call


def http_handler(targets: Sequence[str]) -> Handler:
    """A handler for the hosts of HTTP_TARGETS: `host` allows every port of it, `host:port` that one."""

    async def http(
        url: str,
        method: str = "GET",
        headers: dict[str, str] | None = None,
        json: Any = None,
        body: str | None = None,
    ) -> dict[str, object]:
        """Calls one of the hosts that HTTP_TARGETS allows."""
        target = _allowed(url, targets)
        if json is not None and body is not None:
            raise BadArguments("argument 'body': give json or body, not both")
        try:
            request = httpx.Request(method, target, headers=headers, json=json, content=body)
            return await _call(request)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise TaskFailed(f"{method} {url}: {type(error).__name__}: {error}".rstrip(": ")) from error

    return Handler("http", http)


def _allowed(url: str, targets: Sequence[str]) -> httpx.URL:
    try:
        target = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise BadArguments(f"argument 'url': {error}") from error
    host = target.raw_host.decode("ascii").lower()
    port = target.port or {"http": 80, "https": 443}.get(target.scheme)
    if port is None or not {host, f"{host}:{port}"} & {one.lower() for one in targets}:
        raise BadArguments(f"argument 'url': must be http or https to one of {', '.join(targets)}")
    return target


async def _call(request: httpx.Request) -> dict[str, object]:
    # No proxy from the environment and no redirect: either would reach hosts that nobody allowed.
    async with httpx.AsyncClient(
        verify=_tls, trust_env=False, follow_redirects=False, timeout=SILENCE_SECONDS
    ) as client:
        answer = await client.send(request, stream=True)
        try:
            body = await _beginning(answer)
        finally:
            await answer.aclose()
    if answer.status_code >= 400:
        raise TaskFailed(f"{request.method} {request.url} answered {answer.status_code}\n{body}".rstrip())
    return {"status": answer.status_code, "headers": dict(answer.headers), "body": body}


async def _beginning(answer: httpx.Response) -> str:
    kept = bytearray()
    async for chunk in answer.aiter_bytes():
        kept += chunk
        if len(kept) > KEPT_BYTES:
            return kept[:KEPT_BYTES].decode(answer.encoding or "utf-8", "replace") + "\n… cut"
    return kept.decode(answer.encoding or "utf-8", "replace")
