"""The database clock between observations."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from cluster.store.clock import DatabaseClock


class Time:
    def __init__(self) -> None:
        self.monotonic = 1000.0

    def clock(self, wall: float = 5_000.0) -> DatabaseClock:
        return DatabaseClock(lambda: self.monotonic, lambda: wall)


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def test_until_the_first_observation_the_clock_of_the_machine_counts() -> None:
    time = Time()
    clock = time.clock()
    time.monotonic += 2.5
    assert clock.now_us() == 5_002_500_000


def test_time_goes_on_from_the_observation() -> None:
    time = Time()
    clock = time.clock()
    clock.observe(at(90_000))
    time.monotonic += 1.5
    assert clock.now_us() == 90_001_500_000


def test_a_clock_behind_the_machine_is_believed_too() -> None:
    time = Time()
    clock = time.clock()
    clock.observe(at(10))
    assert clock.now_us() == 10_000_000


def test_an_observation_that_was_long_on_its_way_does_not_set_the_clock_back() -> None:
    time = Time()
    clock = time.clock()
    clock.observe(at(9_000))
    time.monotonic += 1
    clock.observe(at(9_000.2))
    assert clock.now_us() == 9_001_000_000


def test_an_observation_is_forgotten_after_a_minute_so_that_drift_shows() -> None:
    time = Time()
    clock = time.clock()
    clock.observe(at(9_000))
    time.monotonic += 61
    clock.observe(at(9_060.9))
    time.monotonic += 1
    assert clock.now_us() == 9_061_900_000


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 100_000))))
def test_it_never_goes_back(steps: list[tuple[float, float]]) -> None:
    time = Time()
    clock = time.clock()
    told = [clock.now_us()]
    for pause, observed in steps:
        time.monotonic += pause
        clock.observe(at(observed))
        told.append(clock.now_us())
    assert told == sorted(told)
