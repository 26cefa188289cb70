"""What the network says of a worker's process, without asking the process."""

import asyncio

PATIENCE = 1.0
"""Seconds that a connection may take."""


async def refused(address: str) -> bool:
    """Whether nobody listens there any more: the surest sign of a dead process that a network gives."""
    return await _connected(address) is False


async def listens(address: str) -> bool:
    """Whether connections are taken there: the system does that for a process even while it is frozen."""
    return await _connected(address) is True


async def _connected(address: str) -> bool | None:
    """None: no answer, or that of somebody in between."""
    host, _, port = address.rpartition(":")
    try:
        async with asyncio.timeout(PATIENCE):
            _, writer = await asyncio.open_connection(host.strip("[]"), int(port))
    except ConnectionRefusedError:
        return False
    except (OSError, TimeoutError):
        return None
    writer.close()
    return True
