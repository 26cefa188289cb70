"""Nobody hears of a task before they heard that it was scheduled."""

from hypothesis import given
from hypothesis import strategies as st

from cluster.core.events import Event, EventName, ScheduledFirst


def event(name, task_id="", at=0):
    return Event(name, f"{name} {task_id}", at, task_id=task_id)


STARTED = event(EventName.TASK_STARTED, "a", 2)
SCHEDULED = event(EventName.TASK_SCHEDULED, "a", 1)


def test_events_of_a_task_that_nobody_waits_for_pass_at_once():
    assert list(ScheduledFirst().admit([STARTED])) == [STARTED]


def test_events_of_an_expected_task_wait_until_its_commit_returned():
    order = ScheduledFirst()
    order.expect(["a"])
    assert list(order.admit([STARTED])) == []
    assert order.settle(["a"], [SCHEDULED]) == [SCHEDULED, STARTED]


def test_events_of_others_pass_meanwhile():
    order = ScheduledFirst()
    order.expect(["a"])
    other, online = event(EventName.TASK_STARTED, "b"), event(EventName.WORKER_ONLINE)
    assert list(order.admit([other, STARTED, online])) == [other, online]


def test_a_failed_commit_lets_go_of_what_waited():
    order = ScheduledFirst()
    order.expect(["a"])
    list(order.admit([STARTED]))
    assert order.settle(["a"], []) == [STARTED]
    assert repr(order) == "<ScheduledFirst waiting=0>"


ids = st.sampled_from("abc")
steps = st.lists(st.tuples(st.sampled_from(["expect", "event", "settle"]), ids), max_size=40)


@given(steps=steps)
def test_each_event_is_told_once_in_order_and_never_while_its_task_is_expected(steps):
    order, told, sent, expected = ScheduledFirst(), [], [], set()
    for number, (step, task_id) in enumerate(steps):
        if step == "expect":
            order.expect([task_id])
            expected.add(task_id)
        elif step == "settle":
            told += order.settle([task_id], [])
            expected.discard(task_id)
        else:
            sent.append(event(EventName.TASK_STARTED, task_id, number))
            news = list(order.admit([sent[-1]]))
            assert bool(news) == (task_id not in expected)
            told += news
    told += order.settle(sorted(expected), [])
    assert sorted(told, key=lambda one: one.timestamp_us) == sent
    for task_id in "abc":
        times = [one.timestamp_us for one in told if one.task_id == task_id]
        assert times == sorted(times)


def test_no_more_waits_for_a_task_than_there_is_room_for():
    order = ScheduledFirst()
    order.expect(["a"])
    many = [event(EventName.TASK_RETRIED, "a", number) for number in range(2 * order.MOST)]
    assert not list(order.admit(many))
    assert order.settle(["a"], []) == many[: order.MOST]
