"""The sampler rests from what takes long, not from the totals."""

import pytest

from cluster.coordinator import sampler
from cluster.coordinator.sampler import Sampler
from cluster.core.errors import StoreUnavailable
from cluster.store.pool import Connection
from tests.store.made import add, claim, lead, start


@pytest.mark.parametrize(("share", "waits"), [(1e6, [True, True]), (1e-6, [True, False])])
async def test_what_runs_is_asked_in_proportion_to_what_that_takes(
    conn: Connection, monkeypatch: pytest.MonkeyPatch, share: float, waits: list[bool]
) -> None:
    monkeypatch.setattr(sampler, "SHARE", share)
    monkeypatch.setattr(sampler, "LONGEST", 600.0)
    epoch, it = await lead(conn), Sampler()
    await add(conn, 2)
    for _ in waits:
        await start(conn, *await claim(conn, 1))
        await it.step(conn, epoch)
        await conn.execute("UPDATE samples SET at = at - interval '2 s'")
    seen = await (await conn.execute("SELECT wait_p50 IS NOT NULL FROM samples ORDER BY at")).fetchall()
    assert [bool(row[0]) for row in seen] == waits


async def test_a_look_that_was_cut_short_rests_too(conn: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampler, "SHARE", 1e-6)
    monkeypatch.setattr(sampler, "LONGEST", 600.0)
    asked: list[bool] = []

    async def take(connection: Connection, epoch: int, *, running: bool) -> float:
        asked.append(running)
        if running:
            raise StoreUnavailable("canceling statement due to statement timeout")
        return 2.0

    monkeypatch.setattr(sampler.samples, "take", take)
    it = Sampler()
    with pytest.raises(StoreUnavailable):
        await it.step(conn, 1)
    assert await it.step(conn, 1) == 2.0
    assert asked == [True, False]
