"""One file as it is sent: read once, in the smallest form that the client takes, not at all if it has it already."""

import hashlib
from collections.abc import Mapping
from http import HTTPStatus

from cluster.edge.answer import Answer, Receive, Scope, Send
from cluster.edge.body import header

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
ALWAYS_ASK = "no-cache"
NEVER_ASK = "public, max-age=31536000, immutable"
"""For a file whose name changes with its content."""
PLAIN = "identity"
_SMALLEST_FIRST = ("br", "gzip", PLAIN)


class File:
    """GET of one file. State: an answer, and one that says "the same as before", for each encoding that there is."""

    def __init__(self, forms: Mapping[str, bytes], media_type: str, cache: str, status: HTTPStatus) -> None:
        """`forms`: the content by its encoding: `identity`, and `br` and `gzip` if they were made."""
        common = (
            ("content-security-policy", POLICY),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cache-control", cache),
            ("vary", "accept-encoding"),
        )
        self._media_type = media_type
        self._full: dict[str, Answer] = {}
        self._unchanged: dict[str, Answer] = {}
        for encoding, body in forms.items():
            # Two encodings of one content are not the same bytes, so a strong tag must tell them apart.
            tag = ("etag", f'"{hashlib.blake2b(body, digest_size=8).hexdigest()}"')
            coded = () if encoding == PLAIN else (("content-encoding", encoding),)
            self._full[encoding] = Answer(status, body, media_type, (*common, *coded, tag))
            self._unchanged[encoding] = Answer(HTTPStatus.NOT_MODIFIED, b"", media_type, (*common, tag))

    def __repr__(self) -> str:
        return f"<File {self._media_type} {' '.join(self._full)}>"

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        encoding = _chosen(header(scope, b"accept-encoding") or "", self._full)
        answer = self._full[encoding]
        known = header(scope, b"if-none-match")
        if known is not None and dict(answer.headers)["etag"] in known:
            answer = self._unchanged[encoding]
        await answer.send(send)


def _chosen(accepted: str, forms: Mapping[str, Answer]) -> str:
    """The smallest form that the client takes. Who sends no weights, as browsers do, takes all that it names."""
    weights = {}
    for each in accepted.lower().split(","):
        name, _, weight = each.partition(";")
        weights[name.strip()] = weight.replace(" ", "")
    refusals = {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    willing = (name for name in _SMALLEST_FIRST if name in forms and weights.get(name, "q=0") not in refusals)
    return next(willing, PLAIN)
