"""Who was told to leave, as names and labels say it."""

import re

from cluster.supervisor.runtimes.containers.leaving import LABEL, leaves, leaving, marked, relabelled, unmarked


def test_a_name_says_so_of_one_life_alone():
    name = marked("shop-worker-3", "c3 first")

    assert leaves(name, "c3 first")
    assert not leaves(name, "c3 second")
    assert not leaves("shop-worker-3", "c3 first")


def test_a_marked_name_is_one_that_an_engine_takes():
    assert re.fullmatch(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+", marked("shop-worker-3", "c3 2026-01-01T00:00:00Z"))


def test_a_name_is_marked_only_once():
    again = marked(marked("shop-worker-3", "first"), "second")

    assert (unmarked(again), leaves(again, "second")) == ("shop-worker-3", True)
    assert unmarked("shop-worker-3") == "shop-worker-3"


def test_labels_say_it_of_these_tasks_and_keep_what_else_they_say():
    labels = {"com.docker.stack.namespace": "shop", LABEL + "t1": "true"}

    said = relabelled(labels, {"t2", "t3"})

    assert leaving(said) == {"t2", "t3"}
    assert said["com.docker.stack.namespace"] == "shop"
    assert relabelled(said, set()) == {"com.docker.stack.namespace": "shop"}
