"""What is done by hand, and what is said when it cannot be."""

from uuid import UUID

import pytest

from cluster.core.steering import CANCEL, RETRY, Wish
from cluster.core.task import FINAL, State, may_follow

OWNER = UUID(int=7)


@pytest.mark.parametrize("wish", [CANCEL, RETRY], ids=["cancel", "retry"])
@pytest.mark.parametrize("state", list(State))
def test_a_state_is_changed_or_settled_or_refused_with_its_name(wish: Wish, state: State) -> None:
    why = wish.why_not(state, None)
    assert (why is None) == (state in wish.settled)
    assert not wish.changes & wish.settled
    if why is not None and state not in wish.changes:
        assert why.startswith(f"it is {state.name.lower()}; ")
        assert wish.why_not(state, None, brief=True) == f"it is {state.name.lower()}"


def test_what_is_done_by_hand_is_a_legal_step() -> None:
    assert all(may_follow(state, State.CANCELLED) for state in CANCEL.changes)
    assert all(may_follow(state, State.READY) for state in RETRY.changes)
    assert CANCEL.changes == set(State) - FINAL


def test_the_owner_of_a_unique_key_is_named() -> None:
    assert RETRY.why_not(State.DEAD, OWNER) == f"a live task holds its unique_key: {OWNER}"
    assert RETRY.why_not(State.DEAD, OWNER, brief=True) == "a live task holds its unique_key"


def test_who_watches_hears_what_was_done_to_which_task() -> None:
    assert CANCEL.told("noop", State.RUNNING) == "noop is cancelled by hand; it was running"
