"""The supervisor: keeps programs running, as many workers as are wanted, and stops all of them in order.

It starts roles as programs and never imports them, listens on nothing and never touches PostgreSQL. Orders (scale to n,
kill this worker) are rows in PostgreSQL that a coordinator hands down a stream which the supervisor opened.

    signals, ends of children, orders, time
                 │ wake
                 ▼
    Supervisor ── step ──▶ Crew.advance(now) ──▶ Child.advance(now) ──▶ Process (spawn, signal, reap)
        │                     │                     │
      Link ◀── report         reconcile             RestartPolicy            (pure)
        ▲ orders
        ▼
    coordinator

`roles`       which programs there are, in which stage they start and stop, how patient one is with them
`process`     one program in a session of its own: spawned, watched through a pidfd, reaped
`restarts`    `RestartPolicy`: pauses from 0.1 s to 30 s; when trying again is pointless. Pure
`child`       one role kept running: the state machine between the policy and a process
`scaling`     `reconcile`: desired count → which workers to start, which to drain. Pure
`crew`        all children: start stage by stage, scale, stop stage by stage
`supervisor`  the service around the crew: a loop that looks at it whenever something happens
`orders`      each order is carried out once; its outcome is told until a stream took it
`exits`       ends of workers, told at once: their sessions are over before a redial is refused
`report`      what a coordinator is told about the children
`link`        the stream to a coordinator, the next one when it breaks
`ports`       who listens where: asked before anything starts, and to learn that something has
`welcome`     what `taskmaster up` says when it is up
`adopted`     what process 1 of a container has to do
`postgres/`   the embedded PostgreSQL, a role of its own
`__main__`    workers only, or everything (`--all`)

Every decision is made in `Crew.advance`, which is synchronous: nothing can happen in the middle of it, there is no task
per child and no lock. It is called when a child ends, when an order came, when something is due, and once a second in
case a wake-up was lost.

Starting: postgres (the embedded one) → migrate → coordinator and edge → workers; each stage when all below are ready,
which for a listener means that it accepts connections. Stopping: the other way round, each stage when all above are
gone, so a worker can still report what it finishes, and a coordinator can still write it.

Every child leads a session of its own. Ctrl-C in a terminal therefore reaches the supervisor alone. The first signal
drains; the second kills, except PostgreSQL, which gets a moment to shut down. A child dies with the supervisor even
when that is killed: the kernel sees to it (`runtime.signals.die_with_parent`). What a dead child leaves behind in its
process group is killed before it is reaped.

Giving up: a child that says it cannot start (exit code 78), or fails 5 times in a row, without ever having run well, is
not tried again. If it was essential, or no worker is left, the supervisor stops everything and repeats the reason as
its own last line. Children tell their reason through a pipe (`runtime.reasons`), so their stderr stays the terminal's.
A worker that was given up is tried again by the next order to scale.

The desired count is not remembered: after a restart it is WORKERS again, which whoever starts it can read and change.
"""
