"""What the network says of a worker's process, without asking the process."""

import asyncio

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
    return await _connected(address) is False


async def listens(address: str) -> bool:
    """Whether connections are taken there: the system does that for a process even while it is frozen."""
    return await _connected(address) is True


async def _connected(address: str) -> bool | None:
    """None: no answer, that of somebody in between, or no address at all."""
    try:
        async with asyncio.timeout(PATIENCE):
            _, writer = await asyncio.open_connection(*host_and_port(address))
    except ConnectionRefusedError:
        return False
    except (OSError, TimeoutError, ValueError):
        return None
    writer.close()
    return True
