"""What the worker and its child processes say to each other: length-prefixed msgpack over two pipes."""

import struct
from collections.abc import Callable

import msgspec

LENGTH = struct.Struct("<I")


class Call(msgspec.Struct, array_like=True, eq=False):
    """Worker to child: run this. `task_id`: 16 bytes. `payload`: JSON."""

    command: str
    task_id: bytes
    attempt: int
    payload: bytes


class Reply(msgspec.Struct, array_like=True, tag=True):
    """Child to worker: what became of the last call. `error` None: it succeeded; with `cancelled` it says why the task
    wants to be. `retry_in`: seconds. The first reply says `ready`.
    """

    result: bytes | None = None
    error: str | None = None
    permanent: bool = False
    retry_in: float | None = None
    cancelled: bool = False


class Progress(msgspec.Struct, array_like=True, tag=True):
    """Child to worker: how far the present call is. Never before its call came or after its reply went."""

    fraction: float
    message: str


_encoder = msgspec.msgpack.Encoder()
decode_call = msgspec.msgpack.Decoder(Call).decode
decode_said: Callable[[bytes], Reply | Progress] = msgspec.msgpack.Decoder(Reply | Progress).decode


def framed(message: Call | Reply | Progress) -> bytes:
    body = _encoder.encode(message)
    return LENGTH.pack(len(body)) + body
