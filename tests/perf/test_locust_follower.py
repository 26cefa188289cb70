"""A watcher of the event stream knows what it was not told."""

from collections import Counter

from locust_follower import Follower


def follower():
    return Follower(Counter())


def event(boot, number):
    return b'id: %b-%d\ndata: {"event":"task_started"}\n\n' % (boot, number)


def test_events_in_order_are_counted_however_they_are_cut():
    one = follower()
    stream = b"retry: 1000\n\n" + b"".join(event(b"ab", number) for number in range(1, 8)) + b": still here\n\n"
    assert [wrong for at in range(0, len(stream), 7) for wrong in one.read(stream[at : at + 7])] == []
    assert one.seen == {"events": 7}
    assert one.last == "ab-7"


def test_what_was_left_out_is_noticed():
    one = follower()
    assert one.read(event(b"ab", 1) + event(b"ab", 4)) == ["2 events were left out"]
    assert one.seen["missed"] == 2


def test_what_is_told_twice_is_noticed():
    one = follower()
    assert one.read(event(b"ab", 3) + event(b"ab", 3)) == ["an event was told twice"]


def test_a_gap_across_a_reconnection_is_noticed():
    one = follower()
    one.read(event(b"ab", 1) + b"id: ab-2\ndata: {")
    one.connected()
    assert one.read(event(b"ab", 2)) == []
    one.connected()
    assert one.read(event(b"ab", 4)) == ["1 events were left out"]


def test_after_a_reset_anything_may_follow():
    one = follower()
    one.read(event(b"ab", 100))
    assert one.read(b'event: reset\ndata: {"reason":"unknown"}\n\n' + event(b"cd", 7)) == []
    assert one.seen["resets"] == 1


def test_another_life_of_the_edge_without_a_reset_is_wrong():
    one = follower()
    one.read(event(b"ab", 1))
    assert one.read(event(b"cd", 2)) == ["cd-2 follows ab-1 without a reset"]
