"""The words of `taskmaster up`."""

import asyncio
import json
from http import HTTPStatus

import pytest

from cluster.runtime.lifecycle import running
from cluster.runtime.settings import Settings
from cluster.supervisor.welcome import Welcome, text
from tests.fixtures.eventually import eventually


def settings(**env: str) -> Settings:
    return Settings.from_env({"TASKMASTER_HOME": "/var/tmp/here", "WORKERS": "2", **env})


def test_a_newcomer_reads_where_it_is_how_to_try_it_and_how_to_stop_it() -> None:
    words = text(settings(SCHEDULER_PORT=":9000"), "taskmaster")

    for needed in (":9000", "2 workers of 5 slots", "taskmaster enqueue demo-job", "curl", "/var/tmp/here", "Ctrl-C"):
        assert needed in words


def test_the_password_of_a_database_is_not_shown() -> None:
    words = text(settings(DATABASE_URL="postgresql://me:secret@db/scheduler"), "taskmaster")

    assert "secret" not in words
    assert "your own PostgreSQL" in words


class Edge:
    """Two routes of an edge. State: the answers to give."""

    def __init__(self) -> None:
        self.ready = HTTPStatus.SERVICE_UNAVAILABLE
        self.workers: list[dict[str, str]] = []
        self.asked = 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.asked += 1
        status, body = (self.ready, "") if "/readyz" in request else (HTTPStatus.OK, json.dumps(self.workers))
        head = f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write((head + body).encode())
        await writer.drain()
        writer.close()
        await writer.wait_closed()


async def test_the_welcome_waits_for_the_edge_and_the_workers(capsys: pytest.CaptureFixture[str]) -> None:
    edge = Edge()
    server = await asyncio.start_server(edge.answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, running(Welcome(settings(SCHEDULER_PORT=f"127.0.0.1:{port}"))):
        await eventually(lambda: edge.asked >= 2)
        edge.ready = HTTPStatus.OK
        edge.workers = [{"status": "online"}, {"status": "draining"}]
        asked = edge.asked
        await eventually(lambda: edge.asked > asked + 2)
        assert capsys.readouterr().out == ""

        edge.workers = [{"status": "online"}, {"status": "online"}]

        await eventually(lambda: "TaskMaster is up" in capsys.readouterr().out)
