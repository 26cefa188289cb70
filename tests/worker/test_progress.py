"""How far tasks are: the latest word of each, now and then, and nothing for tasks that do not say."""

import asyncio
import io
import math
import os
import threading
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
import pytest_asyncio

from cluster import Context
from cluster.core.limits import PROGRESS_CHARACTERS
from cluster.core.outcome import Succeeded
from cluster.worker import progress as progress_module
from cluster.worker import teller as teller_module
from cluster.worker.frames import LENGTH, Call, Progress, Reply, decode_said
from cluster.worker.progress import Board, Word, tidy
from cluster.worker.run import Run
from cluster.worker.teller import Teller
from tests.fixtures.eventually import eventually


def run(*, announced: bool = True) -> Run:
    return Run(uuid4().bytes, 1, "report", b"", 1, announced=announced)


class Heard:
    """A board, and what it passed on, turn by turn."""

    def __init__(self) -> None:
        self.turns: list[dict[Run, Word]] = []
        self.board = Board(lambda run: run.outcome is None, self.turns.append)


@pytest_asyncio.fixture
async def heard() -> AsyncIterator[Heard]:
    heard = Heard()
    await heard.board.start()
    yield heard
    await heard.board.stop()


@pytest.mark.parametrize(
    ("said", "heard"), [(0.4, 0.4), (0, 0.0), (1, 1.0), (-3, 0.0), (1.0001, 1.0), (math.inf, 1.0), (math.nan, 0.0)]
)
def test_a_fraction_is_kept_between_0_and_1(said: float, heard: float) -> None:
    words: list[Word] = []
    Context(uuid4(), 1, "report", lambda *word: words.append(word)).progress(said)
    assert words == [(heard, "")]


def test_a_fraction_that_is_no_number_is_an_error_and_a_context_of_ones_own_is_heard_by_nobody() -> None:
    with pytest.raises(TypeError):
        Context(uuid4(), 1, "report").progress("much")  # type: ignore[arg-type]
    Context(uuid4(), 1, "report").progress(0.5, "a test of a task")


@pytest.mark.parametrize("text", ["x" * 1000, "\0" * 300, "\ud800" * 300, "ö" * 201])
def test_words_are_cut_and_can_be_told(text: str) -> None:
    told = tidy(text)
    assert len(told) == PROGRESS_CHARACTERS
    assert "\0" not in told
    assert told.encode()


async def test_the_latest_word_of_each_is_passed_on_for_all_at_once(heard: Heard) -> None:
    one, two = run(), run()
    for n in range(1000):
        heard.board.put(one, n / 1000, f"word {n}")
    heard.board.put(two, 0.5, "half")
    heard.board.step()
    assert heard.turns == [{one: (0.999, "word 999"), two: (0.5, "half")}]
    heard.board.step()
    assert len(heard.turns) == 1


async def test_words_come_by_themselves_and_from_any_thread(heard: Heard) -> None:
    runs = [run() for _ in range(4)]

    def say(one: Run) -> None:
        for n in range(500):
            heard.board.put(one, n / 1000, "")

    threads = [threading.Thread(target=say, args=(one,)) for one in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    latest: dict[Run, Word] = {}
    await eventually(lambda: latest.update(*heard.turns[-1:]) or len(latest) == 4)
    assert set(latest.values()) == {(0.499, "")}
    assert len(heard.turns) == 1


async def test_turns_keep_their_distance(heard: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress_module, "EVERY_SECONDS", 3600)
    one = run()
    heard.board.put(one, 0.1, "")
    await eventually(lambda: heard.turns)
    heard.board.put(one, 0.2, "")
    await asyncio.sleep(progress_module.GATHER_SECONDS * 1.5)
    assert heard.turns == [{one: (0.1, "")}]
    assert repr(heard.board) == "<Board words=1>"


async def test_a_run_that_was_not_told_as_started_waits_and_costs_nothing_when_it_is_short(heard: Heard) -> None:
    short, long = run(announced=False), run(announced=False)
    heard.board.put(short, 0.5, "")
    heard.board.put(long, 0.5, "first")
    heard.board.step()
    assert heard.turns == []
    short.outcome, long.announced = Succeeded(), True
    heard.board.step()
    assert heard.turns == [{long: (0.5, "first")}]
    assert repr(heard.board) == "<Board words=0>"


async def test_of_a_run_that_is_over_nothing_is_kept(heard: Heard) -> None:
    for _ in range(100):
        one = run()
        one.outcome = Succeeded()
        heard.board.put(one, 0.5, "said by a thread that it left behind")
    heard.board.step()
    assert heard.turns == []
    assert repr(heard.board) == "<Board words=0>"


# ---------------------------------------------------------------------- in a child process


class Pipe(io.BytesIO):
    """What a teller wrote, as frames."""

    def frames(self) -> list[Reply | Progress]:
        self.seek(0)
        frames = []
        while header := self.read(LENGTH.size):
            frames.append(decode_said(self.read(*LENGTH.unpack(header))))
        return frames


def call() -> Call:
    return Call("report", bytes(16), 1, b"")


def test_a_child_tells_the_first_word_at_once_and_the_latest_when_the_second_is_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(teller_module, "EVERY_SECONDS", 0.05)
    teller, one = Teller(pipe := Pipe()), call()
    teller.begin(one)
    for n in range(100):
        teller.on_progress(one, n / 100, str(n))
    timer = teller._timer
    assert timer is not None
    timer.join()
    assert pipe.frames() == [Progress(0.0, "0"), Progress(0.99, "99")]


def test_a_child_that_hears_of_no_progress_starts_no_timer() -> None:
    before = threading.active_count()
    teller, one = Teller(pipe := Pipe()), call()
    teller.begin(one)
    teller.on_progress(one, 0.5, "once")
    teller.reply(Reply())
    assert threading.active_count() == before
    assert pipe.frames() == [Progress(0.5, "once"), Reply()]


def test_after_its_reply_a_call_is_told_nothing_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(teller_module, "EVERY_SECONDS", 0.05)
    teller, one, two = Teller(pipe := Pipe()), call(), call()
    teller.begin(one)
    teller.on_progress(one, 0.1, "")
    teller.on_progress(one, 0.2, "too late, for the call ends")
    timer = teller._timer
    assert timer is not None
    teller.reply(Reply())
    teller.begin(two)
    teller.on_progress(one, 0.3, "from a thread that it left behind")
    timer.join()
    assert pipe.frames() == [Progress(0.1, ""), Reply()]


def test_what_a_task_forks_does_not_write_into_the_pipe() -> None:
    teller, one = Teller(pipe := Pipe()), call()
    teller.begin(one)
    teller._process = os.getpid() + 1
    teller.on_progress(one, 0.1, "")
    assert pipe.frames() == []
