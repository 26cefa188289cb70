"""What the worker and its child processes say to each other: length-prefixed msgpack over two pipes."""

import struct

import msgspec

LENGTH = struct.Struct("<I")


class Call(msgspec.Struct, array_like=True):
    """Worker to child: run this. `task_id`: 16 bytes. `payload`: JSON."""

    command: str
    task_id: bytes
    attempt: int
    payload: bytes


class Reply(msgspec.Struct, array_like=True):
    """Child to worker: what became of the last call. `error` None: it succeeded. The first reply says `ready`."""

    result: bytes | None = None
    error: str | None = None
    permanent: bool = False


_encoder = msgspec.msgpack.Encoder()
decode_call = msgspec.msgpack.Decoder(Call).decode
decode_reply = msgspec.msgpack.Decoder(Reply).decode


def framed(message: Call | Reply) -> bytes:
    body = _encoder.encode(message)
    return LENGTH.pack(len(body)) + body
