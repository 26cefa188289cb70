"""`taskmaster`: one command for everything, Typer for the words and Rich for the pictures.

    taskmaster up                                   the whole cluster on this machine
    taskmaster enqueue demo-job --wait              post a task and see its result
    find /srv -type f | taskmaster enqueue hash-file path={} --each - --wait
    taskmaster stats --watch · tasks · workers · logs -f · cancel ID · retry --status FAILED · scale 10 · doctor

**Two kinds of commands.** Those that *are* a role (`up`, `edge`, `coordinator`, `worker`, `supervisor`, `postgres`)
replace this process by that role's program with its options in the environment: same pid, same signals, and nothing of
the command line stays in a worker's memory. All the others are clients of the edge, found at `--url`, TASKMASTER_URL,
or where SCHEDULER_PORT says it listens on this machine. Only `migrate`, `doctor` and `bench` speak to PostgreSQL.

**What is printed.** stdout holds the answer and nothing else: tables for people, with `--json` one JSON document (JSON
lines where the answer is a stream: `logs`, `stats --watch`, `enqueue --wait`). Progress bars go to stderr, and only to
a terminal. Text from tasks is never taken for markup, and control characters in it never reach the terminal
(`console`).

**How it ends.** 0: done. 1: it could not be done, one line on stderr says why. 2: the command line is wrong. 78: a
setting or the schema is, and trying again is no use. 130: Ctrl-C.

`main`     the app, and errors as one line
`roles`    commands that become a role
`migrate`  the schema
`enqueue`  post tasks; `posting`, `values`, `moments`, `each`: what its words mean; `waiting`: progress and results
`tasks`, `why`, `workers`, `queues`, `logs`, `stats`   look and steer; `steering`: cancel and retry
`doctor`   what is wrong, and what to do; `checks`: each question on its own
`health`   what the HEALTHCHECK of the container image runs; no command
`options`  options that several commands share; `console`: how things are shown
"""
