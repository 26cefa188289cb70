"""A server that cannot listen says why."""

import pytest

from cluster.core.errors import CannotStart
from cluster.wire.channel import Server


@pytest.mark.parametrize(("host", "why"), [("a..b", "not a host name"), ("192.0.2.1", "Cannot assign")])
async def test_a_host_where_nobody_can_listen_is_told_with_the_reason(host, why):
    with pytest.raises(CannotStart, match=f"cannot listen on {host}:0: {why}"):
        await Server(host, 0, ()).start()
