"""Leases that came one at a time are reported one at a time, until somebody answers."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
import pytest_asyncio

from cluster.core.errors import CoordinatorUnavailable
from cluster.wire import taskmaster_pb2 as pb
from cluster.worker.coordinators import Coordinators
from cluster.worker.invoke import Prepared
from cluster.worker.leases import Leases
from cluster.worker.registry import Handler
from cluster.worker.run import Run
from cluster.worker.updates import Updates
from tests.fixtures.eventually import eventually
from tests.worker.peer import Peer
from tests.worker.processes import Processes


async def fail() -> None:
    raise ValueError("as told")


async def forever() -> None:
    await asyncio.Event().wait()


@pytest_asyncio.fixture
async def leases() -> AsyncIterator[Leases]:
    functions = {"fail": fail, "forever": forever}
    leases = Leases(1, {name: Prepared(Handler(name, one)) for name, one in functions.items()}, Processes())
    await leases.start()
    yield leases
    await leases.stop()


def simple() -> Run:
    return Run(uuid4().bytes, 5, "fail", b"{}", 1, simple=True)


async def test_what_nobody_heard_is_told_again_and_then_forgotten(leases: Leases, peer: Peer) -> None:
    coordinators = Coordinators(("127.0.0.1:1", peer.address), call_seconds=5)
    updates = Updates(coordinators, leases, lambda: "worker-1-abc")
    run = simple()
    leases.accept([run])
    await eventually(lambda: repr(updates) == "<Updates untold=1>")

    with pytest.raises(CoordinatorUnavailable, match=r"127\.0\.0\.1:1: UNAVAILABLE"):
        await updates.step()
    assert leases.holds(run)
    coordinators.rotate()
    await updates.step()
    await coordinators.stop()

    (update,) = peer.updates
    assert (update.task_id, update.worker_id, update.lease_token) == (str(run.uuid), "worker-1-abc", 5)
    assert (update.status, update.error.endswith("ValueError: as told")) == (pb.FAILED, True)
    assert not leases.holds(run)


async def test_what_had_ended_when_its_session_did_is_told_once_and_forgotten(leases: Leases, peer: Peer) -> None:
    peer.refuse_updates = True
    coordinators = Coordinators((peer.address,), call_seconds=5)
    updates = Updates(coordinators, leases, lambda: "worker-1-def")
    leases.accept([simple()])
    await eventually(lambda: repr(updates) == "<Updates untold=1>")
    leases.drop()
    await updates.step()
    await coordinators.stop()
    assert [update.worker_id for update in peer.updates] == ["worker-1-def"]
    assert repr(updates) == "<Updates untold=0>"
    assert len(leases) == 0


async def test_what_went_on_when_its_session_ended_is_told_to_nobody(leases: Leases, peer: Peer) -> None:
    coordinators = Coordinators((peer.address,), call_seconds=5)
    updates = Updates(coordinators, leases, lambda: "worker-1-abc")
    run = Run(uuid4().bytes, 5, "forever", b"{}", 1, simple=True)
    leases.accept([run])
    updates.put([run], [])
    updates.put_progress({run: (0.5, "half")})
    leases.drop()
    await updates.step()
    await coordinators.stop()
    assert peer.updates == []
    assert repr(updates) == "<Updates untold=0>"


async def test_progress_is_told_with_the_status_it_has_and_a_refusal_ends_the_run(leases: Leases, peer: Peer) -> None:
    coordinators = Coordinators((peer.address,), call_seconds=5)
    updates = Updates(coordinators, leases, lambda: "worker-1-abc")
    run = Run(uuid4().bytes, 5, "forever", b"{}", 1, simple=True)
    leases.accept([run])
    updates.put_progress({run: (0.25, "a quarter")})
    updates.put_progress({run: (0.5, "half")})
    await updates.step()
    (update,) = peer.updates
    assert (update.status, update.progress, update.progress_message) == (pb.STARTED, 0.5, "half")
    assert leases.holds(run)

    peer.refuse_updates = True
    updates.put_progress({run: (0.75, "")})
    await updates.step()
    await coordinators.stop()
    assert not leases.holds(run)


async def test_progress_that_nobody_heard_is_not_told_again(leases: Leases) -> None:
    coordinators = Coordinators(("127.0.0.1:1",), call_seconds=5)
    updates = Updates(coordinators, leases, lambda: "worker-1-abc")
    run = Run(uuid4().bytes, 5, "forever", b"{}", 1, simple=True)
    leases.accept([run])
    updates.put_progress({run: (0.25, "a quarter")})
    with pytest.raises(CoordinatorUnavailable):
        await updates.step()
    await updates.step()
    await coordinators.stop()
