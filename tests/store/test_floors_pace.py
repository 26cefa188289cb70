"""How often claims set, forget and go back behind their floors: in proportion to what it costs."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from cluster.store.floors import DEPTHS, LONGEST, SHARE, SHARE_AT_ONCE, SLOW, SLOW_EACH, Floor, Floors, Look
from tests.store.slow_claims import KEY, LONG_AGO, begun, looked

START = datetime(2026, 1, 1, tzinfo=UTC)


def hold(floors: Floors, others: tuple[str, ...] = ()) -> bool:
    return floors.look(others, time.monotonic()).floors is not None


@pytest.mark.parametrize(("took", "found", "slow"), [(SLOW, 0, False), (SLOW + 0.001, 0, True), (0.01, 1000, False)])
def test_only_claims_that_took_too_long_set_floors(took: float, found: int, slow: bool) -> None:
    floors = Floors()
    looked(floors, 0.0, took, found=found)
    assert hold(floors) is slow


def test_one_claim_that_took_too_long_sets_no_floor() -> None:
    floors = Floors()
    for took in (1.0, 1.0, 0.0, 1.0, 1.0):
        floors.looked(floors.look((), 0.0), 0, took)
        assert not hold(floors)


def test_a_claim_that_was_cut_short_counts_when_it_was_slow_and_forgets_nothing_when_it_was_not() -> None:
    floors = Floors()
    looked(floors, 0.0, 8.0, found=None)
    assert hold(floors)
    floors.looked(floors.look((), 8.0), None, 8.0)
    assert hold(floors)


def test_floors_are_of_claims_that_leave_the_same_commands_alone() -> None:
    floors = begun(("a",))
    assert hold(floors, ("a",))
    assert not hold(floors)


def test_a_look_from_the_beginning_that_is_quick_again_forgets_the_floors() -> None:
    floors = begun()
    floors.reached({0: Floor(LONG_AGO, KEY)})
    look = floors.look((), time.monotonic() + LONGEST)
    assert look.floors == {}
    floors.looked(look, 500, look.began + SLOW + 499 * SLOW_EACH)
    assert not hold(floors)


def depths(floors: Floors, until: float, takes: Callable[[float], float]) -> list[tuple[float, float]]:
    """When claims went back and how far, in seconds. `takes`: seconds that a claim takes which goes back so far."""
    seen, now = [], 0.0
    while now < until:
        floors.reached({0: Floor(START + timedelta(seconds=now), KEY)})
        look = floors.look((), now)
        back = now if not look.floors else now - (look.floors[0].scheduled_at - START).total_seconds()
        if look.depth is not None:
            seen.append((now, back))
        ended = now + takes(back)
        floors.looked(look, 0, ended)
        now = max(ended, now + 0.05)
    return seen


def test_claims_go_back_in_proportion_to_what_it_costs() -> None:
    """Each second of the past costs 0.01 s here, as 40,000 dead entries a second do."""
    floors = Floors()
    looked(floors, -1.0, 0.0)
    seen = depths(floors, 800.0, lambda back: 0.006 + 0.01 * back)
    late = [(at, back) for at, back in seen if at > 400]
    shallow = [back for _, back in late if back < 10]
    middle = [back for _, back in late if 10 <= back < 100]
    deep = [back for _, back in late if back >= 200]
    assert len(shallow) + len(middle) + len(deep) == len(late)
    assert min(shallow) >= DEPTHS[0] - 0.1
    assert max(shallow) <= 2 * DEPTHS[0] + 5
    assert min(middle) >= DEPTHS[1] - 0.1
    assert max(middle) <= 2 * DEPTHS[1] + 5
    assert len(shallow) > 5 * len(middle) > 5 * len(deep) >= 5
    # The deepest takes so long by now that LONGEST bounds its rest.
    assert sum(0.006 + 0.01 * back for back in shallow + middle) < 400 * 2.5 * SHARE


def test_the_beginning_is_looked_at_however_long_it_takes() -> None:
    """Also when each look is cut short by the statement timeout."""
    floors = Floors()
    looked(floors, -8.0, 0.0)
    at = [at for at, back in depths(floors, 600.0, lambda back: min(8.0, 0.1 * back)) if back == at]
    assert max(after - before for before, after in pairwise(at)) <= LONGEST + 9.0


def test_who_walked_far_and_did_not_find_enough_asks_for_the_end_in_proportion() -> None:
    floors = Floors()
    looked(floors, 0.0, 1.0)
    for depth in DEPTHS:
        back = floors.look((), 1.0)
        assert (back.depth is not None, back.to_the_end) == (True, False), depth
        floors.looked(back, 0, 2.0, enough=False)
    asked = []
    for n in range(100):
        now = 2.0 + n * 0.1
        look = floors.look((), now)
        if look.to_the_end:
            asked.append(n)
            floors.asked(now, now + 0.01)
        if look.depth is None:
            floors.looked(look, 3, now + 0.05, enough=False)
    assert asked[:3] == [1, 12, 23]
    floors.looked(Look({}, None, 20.0), 500, 20.05)
    assert not floors.look((), 20.1).to_the_end


def test_what_comes_back_all_the_time_costs_its_share() -> None:
    floors = begun()
    began = now = time.monotonic() + 2 * LONGEST
    back = 0.0
    while now < began + 100.0:
        floors.came_back()
        look = floors.look((), now)
        took = 0.001 if look.floors else 0.05
        back += took if not look.floors else 0.0
        now += took
        floors.looked(look, 0, now)
    assert 5.0 < back < 100.0 * (SHARE_AT_ONCE + SHARE * len(DEPTHS))
