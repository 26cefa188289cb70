"""Workers, and on one machine all other roles, as child processes: kept running, and stopped in order.

It starts roles as programs and never imports them.

    signals, ends of children, orders, time
                 │ wake
                 ▼
    Processes ── step ──▶ Crew.advance(now) ──▶ Child.advance(now) ──▶ Process (spawn, signal, reap)
                             │                     │
                             reconcile             RestartPolicy            (pure)

`roles`       which programs there are, in which stage they start and stop, how patient one is with them
`process`     one program in a session of its own: spawned, watched through a pidfd, reaped
`restarts`    `RestartPolicy`: pauses from 0.1 s to 30 s; when trying again is pointless. Pure
`child`       one role kept running: the state machine between the policy and a process
`crew`        all children: start stage by stage, scale, stop stage by stage
`processes`   the runtime around the crew: a loop that looks at it whenever something happens
`adopted`     what process 1 of a container has to do

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
A worker counts as started when it heeds SIGTERM: by then its task modules are loaded, and what ends it may be a task.
One that came so far is not given up however often it crashes, or a backlog of bad tasks would end the whole cluster.
The kernel tells it of the dead, too (SigCgt in /proc), for a task may end a worker between two looks.
A worker that was given up is tried again by the next order to scale.

The desired count is not remembered: after a restart it is WORKERS again, which whoever starts it can read and change.
"""
