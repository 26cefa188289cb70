"""What the network says of a worker's process, without asking the process."""

import asyncio
import socket
from collections.abc import Collection, Sequence

PATIENCE = 1.0
"""Seconds that a connection may take."""
HOST_CHARACTERS = 253
"""What a name may have in the DNS."""


def host_and_port(address: str) -> tuple[str, int]:
    """The two parts of `host:port`, an IPv6 address without its brackets.

    Raises ValueError when nobody can listen there: a resolver takes a name only if each of its labels has 1 to 63
    characters, and says otherwise by a UnicodeError, which is no OSError.
    """
    name, _, port = address.rpartition(":")
    host = name.removeprefix("[").removesuffix("]")
    if not (0 < len(host) <= HOST_CHARACTERS and host.isprintable()):
        raise ValueError(f"a host has 1 to {HOST_CHARACTERS} printable characters")
    host.encode("idna")
    if not (port.isascii() and port.isdecimal() and len(port) <= 5 and 0 < int(port) < 65536):
        raise ValueError("a port is a number from 1 to 65535")
    return host, int(port)


async def refused(address: str) -> bool:
    """Whether nobody listens there any more: the surest sign of a dead process that a network gives."""
    return set(await _answers(address)) == {False}


async def listens(address: str) -> bool:
    """Whether connections are taken there: the system does that for a process even while it is frozen."""
    return True in await _answers(address)


async def _answers(address: str) -> Sequence[bool | None]:
    """What each address of the name says, all within PATIENCE: whether it takes a connection. None: no answer, or that
    of somebody in between."""
    deadline = asyncio.get_running_loop().time() + PATIENCE
    try:
        host, port = host_and_port(address)
        async with asyncio.timeout_at(deadline):
            hosts = await _addresses(host, port)
    except (OSError, TimeoutError, ValueError):
        return ()
    return await asyncio.gather(*(_takes(each, port, deadline) for each in hosts))


async def _addresses(host: str, port: int) -> Collection[str]:
    if "%" in host:
        # An address with its zone, which uvloop's resolver would lose.
        return [host]
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return {str(place[0]) for *_, place in found}


async def _takes(host: str, port: int, deadline: float) -> bool | None:
    try:
        async with asyncio.timeout_at(deadline):
            _, writer = await asyncio.open_connection(host, port)
    except ConnectionRefusedError:
        return False
    except (OSError, TimeoutError):
        return None
    writer.close()
    return True
