"""Columns say for many items what a message for each would say."""

import uuid

import pytest

from cluster.wire.columns import split_ids, spread, squeezed


def test_ids_come_apart_as_they_were_put_together():
    ids = [uuid.uuid4().bytes for _ in range(3)]
    assert split_ids(b"".join(ids)) == ids
    assert split_ids(b"") == []


def test_half_an_id_is_refused():
    with pytest.raises(ValueError, match="17 bytes"):
        split_ids(bytes(17))


@pytest.mark.parametrize("values", [[], [7], [7, 7, 7], [7, 8, 7], [b"", b"{}"]])
def test_what_is_squeezed_spreads_to_what_it_was(values):
    assert list(spread(squeezed(values), len(values), 0)) == values


def test_equal_entries_are_told_once():
    assert squeezed(["noop"] * 500) == ["noop"]
    assert squeezed(["noop", "noop", "other"]) == ["noop", "noop", "other"]


def test_an_absent_column_is_the_default_for_all():
    assert spread([], 3, 1) == [1, 1, 1]


@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_column_of_another_length_is_refused(count):
    with pytest.raises(ValueError, match="2 entries"):
        spread([1, 2], count, 0)


def test_one_entry_for_nobody_says_nothing():
    assert list(spread([1], 0, 0)) == []
