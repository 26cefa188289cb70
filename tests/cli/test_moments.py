"""Times and durations as people type them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
import typer

from cluster.cli.moments import brief, duration, moment


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("10s", 10),
        ("5m", 300),
        ("2h", 7200),
        ("1d", 86400),
        ("1w", 604800),
        ("1h30m", 5400),
        ("250ms", 0.25),
        ("1.5s", 1.5),
        ("90", 90),
        (" 10S ", 10),
        ("0", 0),
    ],
)
def test_a_duration_is_a_number_of_seconds(text, seconds):
    assert duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "soon", "10x", "-5s", "5 m", "1h and", "s", "1e3", "٣s", "nan", "9" * 400, "9" * 308 + "w"]
)
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(typer.BadParameter, match="is not a duration"):
        duration(text)


@pytest.fixture
def now(monkeypatch):
    """Local time is that of Berlin, a minute before noon."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    import time

    time.tzset()
    yield datetime(2031, 5, 1, 11, 59, tzinfo=ZoneInfo("Europe/Berlin"))
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2031-05-02T09:00:00Z", datetime(2031, 5, 2, 9, tzinfo=UTC)),
        ("2031-05-02T09:00+05:30", datetime(2031, 5, 2, 3, 30, tzinfo=UTC)),
        ("2031-05-02 09:00", datetime(2031, 5, 2, 7, tzinfo=UTC)),
        ("2031-05-02", datetime(2031, 5, 1, 22, tzinfo=UTC)),
        ("12:00", datetime(2031, 5, 1, 10, tzinfo=UTC)),
        ("11:59", datetime(2031, 5, 2, 9, 59, tzinfo=UTC)),
        ("8:30:15", datetime(2031, 5, 2, 6, 30, 15, tzinfo=UTC)),
    ],
)
def test_a_time_is_local_unless_it_says_otherwise(now, text, utc):
    assert moment(text, now) == utc


def test_the_same_time_tomorrow_is_that_of_the_clock_when_the_clocks_change(now):
    before = datetime(2031, 3, 29, 12, tzinfo=ZoneInfo("Europe/Berlin"))
    assert moment("09:00", before) == datetime(2031, 3, 30, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "25:00",
        "12:60",
        "2031-13-01",
        "12",
        "0001-01-01",
        "0001-01-01T00:00+14:00",
        "9999-12-31T23:59-10:00",
    ],
)
def test_what_is_no_time_is_refused(now, text):
    with pytest.raises(typer.BadParameter, match="is not a time"):
        moment(text, now)


@pytest.mark.parametrize(
    ("instant", "text"),
    [
        (datetime(2031, 5, 1, 7, tzinfo=UTC), "09:00:00"),
        (datetime(2031, 5, 1, 22, tzinfo=UTC), "05-02 00:00"),
        (datetime(2032, 5, 1, 7, tzinfo=UTC), "2032-05-01"),
    ],
)
def test_a_table_tells_a_time_in_few_words(now, instant, text):
    assert brief(instant, now) == text
