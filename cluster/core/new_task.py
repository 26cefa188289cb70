"""A task that somebody wants to enqueue, checked against the limits."""

import re
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from msgspec import Struct

from cluster.core import limits
from cluster.core.errors import InvalidTask, PayloadTooLarge


class NewTask(Struct, frozen=True, gc=False):
    """`payload`: a JSON object in UTF-8, None = {}. `due`: when to run, or None for `delay` seconds from now by the
    database clock. None for `max_attempts` or `timeout_ms` means what the handler says. `id_given`: the caller chose
    the id, so it may be known already, even finished.
    """

    id: UUID
    command: str
    payload: bytes | None = None
    queue: str = "default"
    priority: int = 0
    max_attempts: int | None = None
    timeout_ms: int | None = None
    unique_key: str | None = None
    due: datetime | None = None
    delay: float = 0.0
    id_given: bool = False

    def __post_init__(self) -> None:
        """Raises InvalidTask or PayloadTooLarge, whose message names the field and says what it takes."""
        _name("command", self.command, limits.COMMAND_CHARACTERS)
        _name("queue", self.queue, limits.QUEUE_CHARACTERS)
        if self.unique_key is not None:
            _text("unique_key", self.unique_key, limits.UNIQUE_KEY_CHARACTERS)
        _number("priority", self.priority, limits.PRIORITY_MIN, limits.PRIORITY_MAX)
        if self.max_attempts is not None:
            _number("max_attempts", self.max_attempts, 1, limits.ATTEMPTS_MAX)
        if self.timeout_ms is not None:
            _number("timeout_seconds", self.timeout_ms / 1000, 0.001, limits.TIMEOUT_SECONDS_MAX)
        _number("delay_seconds", self.delay, 0, limits.DELAY_SECONDS_MAX)
        if self.due is not None and self.due.tzinfo is None:
            raise InvalidTask("scheduled_at needs an offset from UTC")
        if self.payload is not None and len(self.payload) > limits.PAYLOAD_BYTES:
            raise PayloadTooLarge


_NAME = re.compile(limits.NAME)


@lru_cache(maxsize=1024)
def _name(field: str, value: str, most: int) -> None:
    # Remembered: a batch has one command and one queue, and only what is right is kept.
    _length(field, value, most)
    if not _NAME.fullmatch(value):
        raise InvalidTask(f"{field} must begin with a letter or digit and hold only letters, digits and _ . : / @ + -")


def _text(field: str, value: str, most: int) -> None:
    _length(field, value, most)
    if not value.isprintable():
        raise InvalidTask(f"{field} must not contain NUL, line breaks or other control characters")


def _length(field: str, value: str, most: int) -> None:
    if not 1 <= len(value) <= most:
        raise InvalidTask(f"{field} must be 1 to {most} characters long; it has {len(value)}")


def _number(field: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:
        raise InvalidTask(f"{field} must be from {least} to {most}; it is {value}")
