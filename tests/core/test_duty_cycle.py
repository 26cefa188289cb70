"""A duty cycle: what takes long is done seldom."""

from cluster.core.duty_cycle import DutyCycle


def test_the_first_turn_is_due_at_once() -> None:
    assert DutyCycle(0.02, 60.0).due(0.0)


def test_a_turn_rests_so_that_it_takes_its_share_of_the_time() -> None:
    turns = DutyCycle(0.02, 60.0)
    turns.took(10.0, 10.5)
    assert not turns.due(35.4)
    assert turns.due(35.5)


def test_a_machine_that_stood_still_does_not_end_the_turns() -> None:
    turns = DutyCycle(0.02, 60.0)
    turns.took(0.0, 3600.0)
    assert not turns.due(3659.9)
    assert turns.due(3660.0)
