"""Ids made by whoever enqueues: UUID version 7, so that ids of one batch are neighbours in the index."""

from uuid import UUID

import uuid_utils.compat


def new_id() -> UUID:
    """A fresh UUIDv7 (time-ordered, RFC 9562)."""
    return uuid_utils.compat.uuid7()


def id_text(key: bytes) -> str:
    """The 16 bytes of an id as people read it; a third of what `str(UUID(bytes=key))` costs."""
    digits = key.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
