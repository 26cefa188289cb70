"""What the machine draws from: what there is in the model, and what may be asked of the store."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import precondition
from hypothesis.strategies import SearchStrategy

from cluster.core.task import State
from cluster.store.leases import Held
from tests.store.life_model import Model
from tests.store.life_nouns import Session, Wanted

T = TypeVar("T")

COMMANDS = ("noop", "rare")
COORDINATORS = ("c1", "c2")
QUEUES = ("default", "slow")
VERBS = ("start", "progress", "finish", "retry", "release", "park", "note")
TTL = 3600.0


class HasModel(Protocol):
    model: Model


def some(of: Callable[[Model], Sequence[T]], most: int = 3) -> SearchStrategy[list[T]]:
    """One to `most` different ones of what the model has at that moment."""

    def drawn(machine: HasModel) -> SearchStrategy[list[T]]:
        return st.lists(st.sampled_from(of(machine.model)), min_size=1, max_size=most, unique=True)

    return st.runner().flatmap(drawn)


def there_is(of: Callable[[Model], Sequence[Any]]) -> Callable[[T], T]:
    return precondition(lambda machine: bool(of(machine.model)))


def ids(model: Model) -> list[UUID]:
    return list(model.tasks)


def given(model: Model) -> list[Held]:
    """Leases of all times; most of them over, though their tasks go on."""
    lost = [held for held in model.given if model.lost(held)]
    return lost[-20:] * 2 + model.given[-10:] + model.leases()


def all_sessions(model: Model) -> list[Session]:
    return list(model.sessions.values())


def claiming(model: Model) -> list[Session]:
    """Sessions for which somebody may still claim: a claim does not see that one has just ended."""
    return [session for session in model.sessions.values() if not session.long_ended]


WANTED = st.lists(
    st.builds(
        Wanted,
        again=st.one_of(st.none(), st.none(), st.integers(0, 20)),
        command=st.sampled_from(COMMANDS),
        priority=st.sampled_from([0, 5, -1]),
        delay=st.sampled_from([0.0, 0.0, TTL]),
        unique_key=st.sampled_from([None, None, None, "a", "b"]),
        queue=st.sampled_from(QUEUES),
    ),
    min_size=1,
    max_size=5,
)
ORDER = st.lists(st.integers(0, 1), min_size=1, max_size=5)
SOME_STATES = st.one_of(st.just(()), st.lists(st.sampled_from(State), max_size=6, unique=True).map(tuple))
SELDOM = st.sampled_from([False, False, False, True])
MOST = st.sampled_from([1, 100])
ALL = 1000
