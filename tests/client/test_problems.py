"""What the edge refuses becomes the error tree."""

import pytest

from cluster.client import Client, problems
from cluster.core.errors import (
    InvalidTask,
    NotFound,
    PayloadTooLarge,
    SettingsError,
    StoreUnavailable,
    TaskMasterError,
)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (404, NotFound),
        (413, PayloadTooLarge),
        (422, InvalidTask),
        (400, InvalidTask),
        (503, StoreUnavailable),
        (500, TaskMasterError),
    ],
)
def test_a_status_is_a_kind_of_error_with_the_words_of_the_edge(status, kind):
    error = problems.problem(status, b'{"title":"T","status":1,"detail":"priority must be lower","type":"about:blank"}')
    assert type(error) is kind
    assert error.detail == "priority must be lower"


@pytest.mark.parametrize("content", [b"", b"<html>", b"[]", b'{"detail": 1}', b"\xff"])
def test_an_answer_that_is_no_problem_details_is_told_by_its_status(content):
    assert problems.problem(502, content).detail == "the edge answered 502 without saying why"


@pytest.mark.parametrize(
    "url", ["", "localhost:8081", "ftp://host", "http://", "http://a:b", "http://a..b", "http://\udcff"]
)
def test_an_address_that_is_none_is_refused(url):
    with pytest.raises(SettingsError, match=r"http://127\.0\.0\.1:8081"):
        Client(url)


def test_a_proxy_never_stands_between_us_and_this_machine(monkeypatch):
    assert not problems.through_proxy(problems.checked_url("http://127.0.0.1:8081"))
    assert problems.through_proxy(problems.checked_url("http://edge.example:8081"))
