"""The proof that nothing is lost: real processes, a real PostgreSQL, faults drawn by a seed, and a history that is
written outside PostgreSQL and compared with its tables at the end.

    python -m tests.chaos --seed 7 --minutes 5      a run, its report, and the command that replays it
    nox -s chaos                                    minutes by a new seed, and the proof that the checkers can fail

Who takes part::

    clients ──HTTP──▶ edge-1, edge-2 ──line──▶ PostgreSQL ◀──line── coordinator-1, coordinator-2
       │                                                               ▲ │ line, both ways
       │ invoke, ok, fail, unknown                                     │ ▼
       ▼                                                        worker-1 … worker-4 ◀── supervisor
    history ◀── start, end of every execution ─────────────────────────┘
       ▲
       └── fault begins, ends ── the run

`cast`          names, ports, and which line leads where
`cluster`       the processes; whoever dies is started again. `database` its PostgreSQL, `lines` what is in between
`node`          how a role is started here: its own program, with a saboteur inside, who does what `control` says:
                `crash_points`, `clock`, `repeats`
`faults`        what can be done to the cluster. `schedule` draws which is done when; pure
`clients`       those who ask over HTTP, and write down what they are told. `callers` do over gRPC. `orders` draws what
                clients ask for; pure
`tasks`         what the workers run, well-behaved and other. `tokens` tells a handler the token of its lease
`history`       the format of the history. `tables` the final rows. `checks` compares the two; pure
`watch`, `logs` the memory of the processes; what they logged that nobody expects
`run`, `report` from the seed to the verdict
`sabotage`      breaks one rule each, and `test_sabotage` sees the checkers find it (`broken`, `directed`, `story`)

What a seed replays is the faults and the requests, not the interleaving: a violation may need a few runs to come back.
The folder of a run has all that was seen: plan, history, tables, log, report.
"""
