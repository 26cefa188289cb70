"""What a payload may be: a JSON object that PostgreSQL can store and every worker can read."""

from typing import Any

import msgspec

from cluster.core import limits
from cluster.core.errors import InvalidTask, PayloadTooLarge

_decoder = msgspec.json.Decoder(dict[str, Any])


def checked_payload(raw: bytes) -> bytes:
    """The same bytes, if they are a JSON object in UTF-8 within the limits.

    Raises PayloadTooLarge above 256 KiB, else InvalidTask: not JSON, not an object, nested too deep, a number that no
    float holds, half a surrogate pair, a NUL (which PostgreSQL's text cannot hold).
    """
    if len(raw) > limits.PAYLOAD_BYTES:
        raise PayloadTooLarge
    try:
        value = _decoder.decode(raw)
    except RecursionError:
        raise InvalidTask(_TOO_DEEP) from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InvalidTask(f"payload must be a JSON object in UTF-8: {error}") from None
    # Only what could break a rule is looked at closely: these two counts cost microseconds, a walk costs milliseconds.
    if raw.count(b"[") + raw.count(b"{") > limits.PAYLOAD_DEPTH and _deeper_than(value, limits.PAYLOAD_DEPTH):
        raise InvalidTask(_TOO_DEEP)
    if b"\\u0000" in raw and _holds_nul(value):
        raise InvalidTask("payload must not contain NUL (\\u0000) in a name or a text")
    return raw


_TOO_DEEP = f"payload must not be nested deeper than {limits.PAYLOAD_DEPTH} levels"


def _deeper_than(value: Any, levels: int) -> bool:
    layer = [value]
    for _ in range(levels):
        layer = [inner for outer in layer for inner in _inside(outer) if isinstance(inner, (dict, list))]
    return bool(layer)


def _holds_nul(value: Any) -> bool:
    layer = [value]
    while layer:
        if any("\0" in text for text in layer if isinstance(text, str)):
            return True
        layer = [inner for outer in layer for inner in (*_inside(outer), *(outer if isinstance(outer, dict) else ()))]
    return False


def _inside(value: Any) -> Any:
    match value:
        case dict():
            return value.values()
        case list():
            return value
        case _:
            return ()
