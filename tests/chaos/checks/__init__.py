"""The checkers: pure functions of a history and the final tables, and each of them able to fail.

`every`       all of them; `check_all(history, tables, limits)`
`lost`        what was acknowledged is there
`unsent`      what is there was asked for
`accepted`    one final row for each task, with the result of one of its runs
`fence`       that run had the last lease
`repeats`     no run without a reason
`stuck`       what a fault interrupted runs again as soon as the ladder promises
`drained`     nothing is left over
`order`       times, attempts and states
`due`         nothing before its time
`counted`     the counters are right
`memory`      nobody has grown
`quarantine`  only what crashed three workers
`unique`      one live task a key
`steered`     what was cancelled stays so
`rescue`      seconds until what was interrupted ran again: no rule, figures

They read the same things through `executions` (Start and End put together) and `disruptions` (faults as spans of
time); `limits` is what a run allows, `violation` what they return.

What holds everything together:

* A checker that saw nothing says so, as a violation: "nothing to check". A run that has nothing for one leaves it out
  by name.
* No checker trusts the clock of a process, nor what a process says of itself, where the history or the tables know.
* In doubt a fault excuses: what is reported is wrong, and a run without faults is excused nothing. So a quiet minute of
  each run proves as much as the wild rest, and `tests/chaos/test_sabotage.py` shows that breaking a rule is found.
"""
