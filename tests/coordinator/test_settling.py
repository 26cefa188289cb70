"""What a worker is told of its batches when they are not settled in their order."""

from cluster.coordinator.settling import Settling


def begun(*sequences: int) -> Settling:
    settling = Settling()
    for sequence in sequences:
        settling.begin(sequence)
    return settling


def test_in_order_nothing_is_overtaken():
    settling = begun(1, 2)
    settling.end(1)
    assert (settling.through, settling.overtaken) == (1, ())
    settling.end(2)
    assert (settling.through, settling.overtaken) == (2, ())


def test_what_is_overtaken_is_named_until_it_is_settled():
    settling = begun(1, 2, 3)
    settling.end(3)
    assert (settling.through, settling.overtaken) == (3, (1, 2))
    settling.end(1)
    settling.end(2)
    assert (settling.through, settling.overtaken) == (3, ())


def test_a_batch_that_was_told_twice_is_settled_twice():
    settling = begun(1, 2)
    settling.end(2)
    settling.begin(1)
    settling.end(1)
    assert settling.overtaken == (1,)
    settling.end(1)
    assert settling.overtaken == ()


def test_what_is_overtaken_does_not_keep_a_worker_from_being_read():
    settling = begun(1, 2, 3)
    assert settling.under_way(3)
    settling.end(3)
    settling.begin(4)
    assert not settling.under_way(3)
    assert settling.under_way(1)
