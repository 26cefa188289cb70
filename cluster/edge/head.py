"""The head of a request is bounded, as its body is: the parser would keep any number of headers."""

from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from cluster.edge.problems import MEDIA_TYPE, problem

HEAD_BYTES = 64 * 1024
_LINGER = 2.0
"""Seconds that what is still sent is read for and thrown away: who sends would see a reset instead of our answer."""


class BoundedHead(HttpToolsProtocol):
    """uvicorn's protocol, which answers 431 to a head above HEAD_BYTES and closes.

    State: the bytes of whole reads since the parser last told of something that ends a head or continues a body (so the
    trailers of a body count, too), and whether this connection was refused.
    """

    _untold = 0
    _refused = False

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        self._untold += len(data)
        super().data_received(data)
        if self._untold > HEAD_BYTES:
            self._refuse()

    def on_headers_complete(self) -> None:
        # One read may hold the start of a large body as well, so only then is it worth to look closer.
        if self._untold > HEAD_BYTES and self._head() > HEAD_BYTES:
            # Stops the parser; uvicorn goes on with send_400_response.
            raise ValueError("the head is too large")
        self._untold = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._untold = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._untold = 0
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        if self._untold > HEAD_BYTES:
            self._refuse()
        else:
            super().send_400_response(msg)

    def _head(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + len(": \r\n") for name, value in self.headers)

    def _refuse(self) -> None:
        if self._refused:
            return
        self._refused = True
        if self.cycle is not None and not self.cycle.response_complete:
            # An answer is under way, and ours would land amid it.
            self.transport.abort()
            return
        self.transport.write(_ANSWER)
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.loop.call_later(_LINGER, self.transport.close)


def _answer() -> bytes:
    status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
    detail = f"the head of the request is larger than {HEAD_BYTES // 1024} KiB; send fewer or shorter headers"
    body = problem(status, detail).body
    fields = (f"content-type: {MEDIA_TYPE}", f"content-length: {len(body)}", "connection: close")
    return "\r\n".join((f"HTTP/1.1 {status.value} {status.phrase}", *fields, "", "")).encode() + body


_ANSWER = _answer()
