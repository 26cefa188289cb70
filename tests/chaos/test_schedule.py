"""Which fault comes when is drawn by the seed alone."""

from hypothesis import given
from hypothesis import strategies as some

from tests.chaos.faults import FAULTS, chosen
from tests.chaos.schedule import AT_ONCE, plan

KINDS = [fault.kind for fault in FAULTS]
SEEDS = some.integers(0, 10**6)


@given(SEEDS)
def test_a_seed_draws_the_same_faults_again(seed: int) -> None:
    assert plan(seed, 120, KINDS) == plan(seed, 120, KINDS)


@given(SEEDS)
def test_faults_begin_in_order_and_are_over_in_time(seed: int) -> None:
    planned = plan(seed, 120, KINDS)

    assert [each.at for each in planned] == sorted(each.at for each in planned)
    assert all(0 <= each.at <= each.until <= 120 for each in planned)


@given(SEEDS)
def test_a_target_has_one_fault_at_a_time_and_no_more_overlap_than_may(seed: int) -> None:
    planned = plan(seed, 300, KINDS)

    for each in planned:
        present = [other for other in planned if other.at <= each.at <= other.until]
        assert len(present) <= AT_ONCE
        assert len({other.target for other in present}) == len(present)


@given(SEEDS)
def test_a_fault_is_of_a_kind_that_was_asked_for(seed: int) -> None:
    kinds = [fault.kind for fault in chosen(["kill", "storm"])]

    planned = plan(seed, 300, kinds)

    assert planned
    assert {each.fault for each in planned} <= {"kill", "storm"}
    assert all(each.target in kind.targets for each in planned for kind in kinds if kind.name == each.fault)


def test_half_an_hour_has_every_kind_of_fault() -> None:
    assert {each.fault for each in plan(1, 1800, KINDS)} == {kind.name for kind in KINDS}
