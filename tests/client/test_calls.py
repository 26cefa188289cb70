"""What is asked of the edge."""

import pytest

from cluster.client import calls
from cluster.core.errors import InvalidTask

BYTES = b"worker-\xff".decode(errors="surrogateescape")
"""What Python makes of an argument of a command line that is not UTF-8."""


@pytest.mark.parametrize(
    "ask",
    [
        lambda: calls.status(BYTES),
        lambda: calls.tasks({"queue": BYTES}, 50, None, newest=False),
        lambda: calls.tasks({}, 50, BYTES, newest=False),
        lambda: calls.pause(BYTES),
        lambda: calls.resume(BYTES),
        lambda: calls.cancel_tasks([BYTES], None, {}, dry_run=False),
        lambda: calls.retry_tasks(None, None, {"worker": BYTES}, dry_run=True),
        lambda: calls.kill(BYTES),
        lambda: calls.drain(BYTES),
    ],
)
def test_text_that_is_not_utf_8_is_refused_before_it_is_sent(ask):
    with pytest.raises(InvalidTask, match=r"'worker-.udcff' is not text in UTF-8; write it in UTF-8"):
        ask()


def test_text_of_any_script_is_sent_as_it_is():
    assert calls.pause("größe/1").path == "/api/queues/gr%C3%B6%C3%9Fe%2F1/pause"
    assert calls.kill("ü").body == '{"name":"ü"}'.encode()
