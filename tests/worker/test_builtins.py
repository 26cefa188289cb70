"""The commands that come with every worker, and those that its owner may switch on."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
import pytest_asyncio

from cluster.core.limits import REPORT_BYTES
from cluster.core.outcome import Failed, Outcome, Succeeded
from cluster.runtime.settings import Settings
from cluster.worker.builtins import built_in
from cluster.worker.guardian import Guardian
from cluster.worker.invoke import Prepared
from cluster.worker.run import Run
from tests.fixtures.eventually import eventually
from tests.worker.processes import outcome_of

SETTINGS = Settings.from_env({"TASK_PROCESS_TIME": "0", "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"})


GUARDIAN = Guardian()


@pytest_asyncio.fixture(autouse=True)
async def nothing_is_left_to_guard() -> AsyncIterator[None]:
    yield
    assert "groups=0" in repr(GUARDIAN)
    await GUARDIAN.stop()


async def call(settings: Settings, command: str, **payload: Any) -> Outcome:
    (handler,) = [handler for handler in built_in(settings, GUARDIAN) if handler.command == command]
    run = Run(bytes(16), 1, command, json.dumps(payload).encode(), 1)
    return await outcome_of(Prepared(handler), run)


def value(outcome: Outcome) -> Any:
    assert isinstance(outcome, Succeeded), outcome
    return json.loads(outcome.result or b"null")


def error(outcome: Outcome) -> str:
    assert isinstance(outcome, Failed), outcome
    return outcome.error


def test_only_what_the_settings_allow_is_announced() -> None:
    def commands(settings: Settings) -> set[str]:
        return {handler.command for handler in built_in(settings, GUARDIAN)}

    assert commands(SETTINGS) == {"noop", "demo-job"}
    assert commands(replace(SETTINGS, shell_commands=("ls",))) == {"noop", "demo-job", "shell"}
    assert commands(replace(SETTINGS, http_targets=("localhost",))) == {"noop", "demo-job", "http"}


async def test_the_demonstration_takes_any_payload() -> None:
    assert value(await call(SETTINGS, "noop", anything=1)) is None
    assert value(await call(SETTINGS, "demo-job", number=7)) == {"slept_seconds": 0.0, "attempt": 1}


# ---------------------------------------------------------------------- shell

SHELL = replace(SETTINGS, shell_commands=("cat", "sh", "no-such-program", "env"))


async def test_a_program_gets_words_and_input_and_no_shell() -> None:
    outcome = await call(
        SHELL, "shell", argv=["sh", "-c", 'printf "%s|" "$@"; cat', "sh", "$(id)", "a b;c"], stdin="ö\n"
    )
    assert value(outcome) == {"exit_code": 0, "stdout": "$(id)|a b;c|ö\n", "stderr": ""}


async def test_a_program_does_not_see_the_secrets_of_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://user:secret@host/db")
    told = value(await call(SHELL, "shell", argv=["env"]))["stdout"]
    assert "PATH=" in told
    assert "secret" not in told


@pytest.mark.parametrize("argv", [["rm", "-r", "/x"], [], ["/bin/cat"], ["./cat"], ["CAT"]])
async def test_a_program_that_is_not_named_is_refused_for_good(argv: list[str]) -> None:
    outcome = await call(SHELL, "shell", argv=argv)
    assert outcome == Failed(
        "argument 'argv': the program must be one of cat, sh, no-such-program, env", permanent=True
    )


async def test_a_word_with_nul_is_refused() -> None:
    assert "no word may contain NUL" in error(await call(SHELL, "shell", argv=["cat", "a\0b"]))


async def test_a_program_that_fails_fails_its_task_with_its_own_words() -> None:
    outcome = await call(SHELL, "shell", argv=["sh", "-c", "echo out; echo bad >&2; exit 3"])
    assert outcome == Failed("sh ended with exit code 3\nbad")
    assert error(await call(SHELL, "shell", argv=["sh", "-c", "kill -9 $$"])) == "sh ended with signal SIGKILL"
    assert error(await call(SHELL, "shell", argv=["no-such-program"])).startswith(
        "no-such-program cannot be run: No such"
    )


async def test_output_is_read_to_its_end_and_cut() -> None:
    outcome = await call(SHELL, "shell", argv=["sh", "-c", "head -c 1000000 /dev/zero | tr '\\0' x"])
    assert isinstance(outcome, Succeeded)
    assert len(outcome.result or b"") < REPORT_BYTES
    assert value(outcome)["stdout"].endswith("x\n… 995904 bytes cut")


async def test_input_that_is_not_read_does_not_matter() -> None:
    assert value(await call(SHELL, "shell", argv=["sh", "-c", "exit 0"], stdin="x" * 200_000))["exit_code"] == 0


async def test_what_a_program_leaves_behind_does_not_hold_its_task() -> None:
    outcome = await call(SHELL, "shell", argv=["sh", "-c", "sleep 600 & echo $!"])
    assert await eventually(lambda: _gone(int(value(outcome)["stdout"])))


async def test_a_cancelled_program_is_killed_with_its_group(tmp_path: Path) -> None:
    argv = ["sh", "-c", f"sleep 600 & echo $! > {tmp_path}/pid; mv {tmp_path}/pid {tmp_path}/ready; wait"]
    running = asyncio.create_task(call(SHELL, "shell", argv=argv))
    await eventually((tmp_path / "ready").exists)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert error(running.result()) == "the task cancelled itself"
    assert await eventually(lambda: _gone(int((tmp_path / "ready").read_text())))


def _gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


# ---------------------------------------------------------------------- http


class Site:
    """A web server of the test: answers by path, remembers what it was asked."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str]] = []
        self.port = 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next((int(line[15:]) for line in head.lower().split("\r\n") if line.startswith("content-length:")), 0)
        body = (await reader.readexactly(length)).decode()
        path = head.split()[1]
        self.requests.append((head, body))
        status, more, content = {
            "/ok": ("200 OK", "", b"fine"),
            "/big": ("200 OK", "", b"x" * 1_000_000),
            "/moved": ("302 Found", "location: http://127.0.0.2:1/\r\n", b""),
            "/broken": ("503 Service Unavailable", "", b"try later"),
        }[path]
        writer.write(f"HTTP/1.1 {status}\r\n{more}content-length: {len(content)}\r\nconnection: close\r\n\r\n".encode())
        writer.write(content)
        try:
            await writer.drain()
        except ConnectionError:
            return
        writer.close()


@pytest_asyncio.fixture
async def site() -> AsyncIterator[Site]:
    site = Site()
    server = await asyncio.start_server(site.answer, "127.0.0.1", 0)
    site.port = server.sockets[0].getsockname()[1]
    async with server:
        yield site


def http(*targets: str) -> Settings:
    return replace(SETTINGS, http_targets=targets)


async def test_an_allowed_host_is_called(site: Site) -> None:
    url = f"http://127.0.0.1:{site.port}/ok"
    told = value(await call(http("127.0.0.1"), "http", url=url, method="POST", headers={"x-a": "b"}, json={"n": 1}))
    assert (told["status"], told["body"], told["headers"]["content-length"]) == (200, "fine", "4")
    ((head, body),) = site.requests
    assert head.startswith("POST /ok HTTP/1.1")
    assert "x-a: b" in head.lower()
    assert json.loads(body) == {"n": 1}


async def test_a_port_can_be_part_of_what_is_allowed(site: Site) -> None:
    url = f"http://127.0.0.1:{site.port}/ok"
    assert value(await call(http(f"127.0.0.1:{site.port}"), "http", url=url))["body"] == "fine"
    assert "must be http or https to one of 127.0.0.1:1" in error(await call(http("127.0.0.1:1"), "http", url=url))


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.2/ok",
        "http://allowed@127.0.0.2/",
        "http://127.0.0.2#@allowed/",
        "http://allowed.evil/",
        "ftp://allowed/",
        "file:///etc/passwd",
        "allowed",
        "http://",
        "http://[::1",
        "",
    ],
)
async def test_whatever_is_not_allowed_is_refused_for_good(url: str) -> None:
    outcome = await call(http("allowed"), "http", url=url)
    assert isinstance(outcome, Failed)
    assert outcome.permanent
    assert outcome.error.startswith("argument 'url': ")


async def test_a_redirect_is_told_and_not_followed(site: Site) -> None:
    told = value(await call(http("127.0.0.1"), "http", url=f"http://127.0.0.1:{site.port}/moved"))
    assert (told["status"], told["headers"]["location"]) == (302, "http://127.0.0.2:1/")


async def test_an_answer_of_400_or_more_is_a_failure_with_its_words(site: Site) -> None:
    url = f"http://127.0.0.1:{site.port}/broken"
    assert await call(http("127.0.0.1"), "http", url=url) == Failed(f"GET {url} answered 503\ntry later")


async def test_a_body_is_cut(site: Site) -> None:
    outcome = await call(http("127.0.0.1"), "http", url=f"http://127.0.0.1:{site.port}/big")
    assert isinstance(outcome, Succeeded)
    assert len(outcome.result or b"") < REPORT_BYTES
    assert value(outcome)["body"].endswith("x\n… cut")


async def test_a_host_that_does_not_answer_is_a_failure_in_one_line() -> None:
    told = error(await call(http("127.0.0.1"), "http", url="http://127.0.0.1:1/"))
    assert told == "GET http://127.0.0.1:1/: ConnectError: All connection attempts failed"


async def test_json_and_body_exclude_each_other(site: Site) -> None:
    url = f"http://127.0.0.1:{site.port}/ok"
    assert "give json or body, not both" in error(await call(http("127.0.0.1"), "http", url=url, json=1, body="x"))
    assert value(await call(http("127.0.0.1"), "http", url=url, method="PUT", body="text"))["status"] == 200
