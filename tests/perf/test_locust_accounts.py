"""The check of a load test finds what is missing, and its verdict says so."""

from contextlib import closing
from uuid import UUID, uuid4

from locust_accounts import Accounts, settled
from locust_ledger import Ledger, Outbox
from locust_verdict import Figures, Limits, Verdict, problems

ANYTHING = Limits(p99=0.0, fail_ratio=0.0)


def ids(count):
    return [uuid4() for _ in range(count)]


def complete(task_ids):
    return dict.fromkeys(task_ids, "COMPLETE")


def account(task_ids, ask, *, patience=0.0, rise=None):
    accounts = settled([task_ids], ask, patience)
    accounts.rise = len(task_ids) if rise is None else rise
    return accounts


def verdict(*, accounts=None, requests=100, failures=0, p99=10.0, errors=()):
    figures = [Figures("POST /api/schedule", requests, failures, 50.0, 1.0, 2.0, p99)]
    return Verdict(figures, accounts or Accounts(), {}, list(errors))


def test_a_ledger_gives_back_every_id_in_blocks():
    outbox, known = Outbox(), ids(25)
    with closing(Ledger()) as ledger:
        for task_id in known:
            outbox.add([task_id])
            ledger.enter(outbox.take())
        assert [len(block) for block in ledger.blocks(10)] == [10, 10, 5]
        assert [task_id for block in ledger.blocks(10) for task_id in block] == known
        ledger.clear()
        assert not len(ledger) and not list(ledger.blocks(10))


def test_what_an_outbox_gave_it_does_not_give_again():
    outbox = Outbox()
    outbox.add(ids(3))
    outbox.seen["events"] += 5
    assert len(outbox.take()["ids"]) == 48
    assert outbox.take() == {"ids": b"", "seen": {}}
    assert isinstance(outbox.any_recent(), UUID)


def test_when_all_are_complete_nothing_is_wrong():
    assert not list(account(ids(20), complete).problems())


def test_one_that_the_api_does_not_know_is_found():
    known = ids(20)
    accounts = account(known, lambda asked: complete(asked) | {known[7]: "UNKNOWN"})
    [problem] = accounts.problems()
    assert "1 UNKNOWN" in problem and str(known[7]) in problem


def test_one_that_failed_is_found():
    known = ids(20)
    [problem] = account(known, lambda asked: complete(asked) | {known[0]: "FAILED"}).problems()
    assert "1 FAILED" in problem


def test_who_is_late_is_asked_again_alone():
    known, asked = ids(5), []

    def ask(task_ids):
        asked.append(list(task_ids))
        return complete(task_ids) if len(asked) > 1 else complete(task_ids) | {known[2]: "RUNNING"}

    assert not list(account(known, ask, patience=30.0).problems())
    assert asked == [known, [known[2]]]


def test_who_is_later_than_patience_is_unfinished():
    [problem] = account(ids(2), lambda asked: dict.fromkeys(asked, "PENDING")).problems()
    assert "2 PENDING" in problem


def test_one_id_for_two_tasks_is_found():
    [twice] = ids(1)
    accounts = account([twice, twice], complete, rise=1)
    assert accounts.finished == 1
    assert list(accounts.problems()) == ["2 tasks were acknowledged, but 1 more are completed than before"]


def test_a_good_run_has_no_problems():
    assert not list(problems(verdict(), ANYTHING))
    assert not list(problems(verdict(p99=250.0), Limits(p99=250.0, fail_ratio=0.0)))
    assert not list(problems(verdict(failures=1), Limits(p99=0.0, fail_ratio=0.01)))


def test_a_failure_too_many_a_p99_over_its_limit_and_an_error_are_told():
    bad = verdict(failures=2, p99=260.0, errors=["users raised 1 times: KeyError"])
    assert len(list(problems(bad, Limits(p99=250.0, fail_ratio=0.01)))) == 3


def test_a_run_without_requests_proves_nothing():
    assert list(problems(verdict(requests=0), ANYTHING)) == ["no request was made"]


def test_a_verdict_is_json():
    accounts = account(ids(2), complete)
    assert b'"COMPLETE": 2' in verdict(accounts=accounts).document()
