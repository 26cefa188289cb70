"""The error tree: every error is ours, and says something without being told what to say."""

import pytest

from cluster.core import errors

TREE = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]


@pytest.mark.parametrize("kind", TREE)
def test_a_docstring_is_the_message(kind):
    assert issubclass(kind, errors.TaskMasterError)
    assert kind().detail == str(kind()) == kind.__doc__


def test_the_raiser_may_know_better():
    assert errors.NotFound("no worker is called w-9").detail == "no worker is called w-9"
