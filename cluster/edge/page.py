"""The page at `/`: three files that ship with the package, sent with a policy that lets them load nothing else."""

import hashlib
from http import HTTPStatus
from pathlib import Path

from cluster.edge.answer import Answer
from cluster.edge.operation import Operation
from cluster.edge.payloads import Nothing

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_FOLDER = Path(__file__).parent / "page_files"
_FILES = (
    ("/", "page.html", "text/html; charset=utf-8", "The page for people"),
    ("/page.js", "page.js", "text/javascript; charset=utf-8", "Its program"),
    ("/page.css", "page.css", "text/css; charset=utf-8", "Its looks"),
    ("/page.svg", "page.svg", "image/svg+xml", "Its icon"),
)


class File:
    """One file, read once. State: the answer."""

    def __init__(self, path: str, name: str, media_type: str, summary: str) -> None:
        content = (_FOLDER / name).read_bytes()
        headers = (
            ("content-security-policy", POLICY),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cache-control", "no-cache"),
            ("etag", f'"{hashlib.blake2b(content, digest_size=8).hexdigest()}"'),
        )
        self._answer = Answer(HTTPStatus.OK, content, media_type, headers)
        self.operation = Operation(
            "GET", path, summary, self.send, {HTTPStatus.OK: media_type.partition(";")[0]}, store=False
        )

    async def send(self, _asked: Nothing) -> Answer:
        return self._answer


def operations() -> list[Operation]:
    """Raises FileNotFoundError when the installation is broken."""
    return [File(*file).operation for file in _FILES]
