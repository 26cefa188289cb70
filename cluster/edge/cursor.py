"""Where a listing goes on: the last row's place, with a digest that ties it to the filter it belongs to.

Not a secret (whoever may list may list everything), but a cursor that was cut, edited or used with another filter is an
error instead of a page that silently skips tasks.
"""

import base64
import binascii
import hashlib
import struct
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from uuid import UUID

from cluster.edge.problems import Refused

Place = tuple[datetime, UUID]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PLACE = struct.Struct(">q16s")
_DIGEST_BYTES = 6


def written(place: Place, belongs_to: str) -> str:
    """`place`: scheduled_at and id of the last row. `belongs_to`: the filter, as a text."""
    at, task_id = place
    packed = _PLACE.pack((at - _EPOCH) // timedelta(microseconds=1), task_id.bytes)
    return base64.urlsafe_b64encode(packed + _digest(packed, belongs_to)).decode()


def read(cursor: str, belongs_to: str) -> Place:
    """Raises Refused 422 for what `written` did not write for this filter."""
    try:
        packed = base64.b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True)
        place, digest = packed[: _PLACE.size], packed[_PLACE.size :]
        if digest != _digest(place, belongs_to):
            raise ValueError("digest")
        microseconds, id_bytes = _PLACE.unpack(place)
        return _EPOCH + timedelta(microseconds=microseconds), UUID(bytes=id_bytes)
    except (ValueError, binascii.Error, struct.error, OverflowError):
        detail = "cursor: not one that this listing gave; use next_cursor as it is, with the same filter"
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, detail) from None


def _digest(packed: bytes, belongs_to: str) -> bytes:
    return hashlib.blake2b(packed + belongs_to.encode(), digest_size=_DIGEST_BYTES).digest()
