"""Ids made by whoever enqueues: UUID version 7, so that ids of one batch are neighbours in the index."""

from uuid import UUID

import uuid_utils.compat


def new_id() -> UUID:
    """A fresh UUIDv7 (time-ordered, RFC 9562)."""
    return uuid_utils.compat.uuid7()
