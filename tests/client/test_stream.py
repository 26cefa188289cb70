"""Server-Sent Events become events, and a broken stream is taken up where it broke."""

import httpx
import pytest

from cluster.client.stream import Follower
from cluster.core.errors import EdgeUnavailable, StoreUnavailable

URL = httpx.URL("http://127.0.0.1:1")


def frame(number, **fields):
    told = "".join(f',"{name}":"{value}"' for name, value in fields.items())
    data = f'{{"event":"task_started","level":"info","msg":"m{number}","timestamp":"2031-05-01T09:00:00Z"{told}}}'
    return f"id: boot-{number}\ndata: {data}\n\n".encode()


@pytest.fixture
def follower():
    return Follower(URL, None)


def test_events_carry_their_id(follower):
    [event] = follower.feed(frame(7, task_id="t"))
    assert (event.id, event.msg, event.task_id, event.worker_id) == ("boot-7", "m7", "t", None)


def test_chunks_may_break_anywhere(follower):
    whole = frame(1) + frame(2) + frame(3)
    events = [event for byte in whole for event in follower.feed(bytes([byte]))]
    assert [event.id for event in events] == ["boot-1", "boot-2", "boot-3"]


def test_separators_that_only_python_knows_do_not_end_a_line(follower):
    [event] = follower.feed(frame(1, worker_id="a\u2028b\x85c"))
    assert event.worker_id == "a\u2028b\x85c"


def test_comments_retries_and_resets_are_no_events(follower):
    noise = b'retry: 1000\n\n: still here\n\nevent: reset\ndata: {"reason":"too slow"}\n\n'
    assert list(follower.feed(noise + frame(1))) == list(Follower(URL, None).feed(frame(1)))


def test_a_new_connection_asks_for_what_follows_the_last_event(follower):
    assert "Last-Event-ID" not in follower.headers()
    list(follower.feed(frame(1) + frame(2) + frame(3)[:20]))
    assert follower.headers()["Last-Event-ID"] == "boot-2"


def test_half_an_event_of_a_broken_connection_is_forgotten(follower):
    list(follower.feed(frame(1)[:30]))
    follower.headers()
    assert [event.id for event in follower.feed(frame(2))] == ["boot-2"]


def test_a_first_connection_that_fails_is_an_error(follower):
    with pytest.raises(EdgeUnavailable, match="taskmaster up"):
        follower.lost(httpx.ConnectError("refused"))


def test_a_connection_that_was_good_is_tried_again_with_growing_pauses(follower):
    list(follower.feed(b": hello\n\n"))
    pauses = [follower.lost(httpx.ReadError("gone")) for _ in range(8)]
    assert pauses == sorted(pauses)
    assert pauses[-1] == 5.0
    list(follower.feed(b": hello\n\n"))
    assert follower.lost(httpx.ReadError("gone")) == pauses[0]


def test_an_edge_that_stays_away_is_given_up_with_its_own_words(follower):
    list(follower.feed(b": hello\n\n"))
    with pytest.raises(StoreUnavailable, match="too many clients"):
        for _ in range(100):
            follower.lost(StoreUnavailable("too many clients"))
