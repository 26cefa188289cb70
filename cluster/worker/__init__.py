"""Runs tasks. Never touches PostgreSQL: what it is given and what it tells goes over gRPC.

Two threads, and children where needed
--------------------------------------
::

    coordinator ══ RunTasks ══▶ Stream ─▶ Leases ─▶ Executor ─┊─▶ Slots ─▶ async def, on the task loop
        ▲                        ▲ ▲        │  ▲              ┊     │
        │                        │ └─ Outbox┘  └──────────────┊─────┤ outcomes, in batches
        └── SendHeartbeat ── Session                          ┊     └─▶ Children ─▶ plain def, in a process
                                I/O loop                      ┊  task thread

* The *I/O loop* (main thread) has gRPC, heartbeats and the pipes of child processes. No user code runs on it, so a task
  that blocks costs no heartbeat, and the processes of other tasks are still killed at their timeouts.
* The *task thread* has an event loop of its own with every `async def`. Whoever blocks it holds up the other
  coroutines of this worker. After a second that is noticed from the I/O loop and told with the task and the place in
  its code, in the log (`task_loop_blocked`, `task_loop_free`) and in heartbeats (`blocked`). Who blocks it beyond its
  timeout fails, and the worker ends (exit code 1, `stuck`): a thread cannot be killed.
* A plain `def` runs in a *child process*, one at a time, for a process can be killed and a thread cannot. Children are
  programs (`python -m cluster.worker.child`), started when first needed, kept warm, replaced after a kill or a crash.
  A child gets its next call when it has answered the last one: what is in its pipe could otherwise die with it.
* Whatever the worker starts leads a process group of its own. The group is killed at the timeout, when its lease is
  taken away, and with the worker: by the kernel (PDEATHSIG) for children, and for all that they and `shell` programs
  have started by a small program that outlives the worker by a moment (`guardian`, `orphans`). What leaves its group on
  purpose (setsid) escapes.

Everything crosses between the threads in batches, one wake-up of the other loop for each. Outcomes wait 5 ms for
company while more runs wait for a slot. A no-op costs about 3 µs of CPU in the slots and 7 µs in the whole worker, gRPC
included. One in a child process costs about 45 µs here and as much there, most of it in the kernel, which wakes whoever
is called or answered (perf/worker.py).

Where a lease is
----------------
`Leases` holds it from its arrival until its outcome is settled. `Slots` has the queue: as many runs at once as the
worker has slots, the others in the order they came; those that were given ahead and find every slot busy with a long
task, or have waited for two seconds, are given back. What became of a run is written once, by the task thread, and goes
into the `Outbox`: numbered batches, in memory until the coordinator says that they are committed or refused, told again
on a new stream. Nothing else is kept of a task: memory does not grow with the tasks done.

What a task may say
-------------------
It returns its result, or returns or raises `Retry` or `Cancel` (`wishes`): those are outcomes like others. A result
that JSON has no words for, NaN among them, is a permanent failure.

`ctx.progress` writes into the `Board`, from whichever thread; a child's `Teller` passes it through its pipe. Once a
second, while there is something new, the latest word of each run goes out for all runs together, in a batch with
number 0, which nobody settles: a lost word costs nothing. A run shorter than 200 ms, not told as started, tells none. A
task that never calls it pays nothing for it.

Who writes what
---------------
`Slots` writes a `Run` until its outcome is set; nobody writes it afterwards. `Leases`, `Outbox` and `Session` are
touched by the I/O loop alone. `Stream._write` is the only writer of a stream. Only what the coordinator answers changes
the session: 0 means that it is over, its leases are rescued. What waits or runs is dropped without a word, and the
worker registers as a new life under a new worker id. What had *ended* is told in that life's first batches: the
coordinator refuses it as stale and notes with the task that it ran twice; then it is forgotten.

Two coordinators may believe at the same time that this worker is theirs, when one was taken for dead too early. Only
the one that answered the last heartbeat is right, and only its stream is served (`Session.reason_against`).

A lease is taken away (`TaskBatch.stale`) when its outcome came too late, or its task was cancelled: a run that waits is
forgotten, a coroutine cancelled, a process killed, and nothing is told of either.

The end
-------
SIGTERM drains: no new lease is begun (they are given back, also those that still arrive), what runs may run on for
DRAIN_TIMEOUT and is then cancelled and given back, and the process ends when the coordinator has settled all of it. A
second signal ends it at once; then the session's leases are rescued.

Limits
------
Results and errors 16 KiB each (`reports`), words of progress 200 characters, 500 outcomes in one message.

What grows with what, and nothing else grows:

* leases held, those included that have ended and are not settled: 20,000 (`leases.HELD_MAX`; whoever gives more loses
  its stream), plus one for each slot by SubmitTask. In the queue of `Slots`, in the `Outbox` and in `Updates` are only
  those, and what ended at the very moment it was taken away
* words on the `Board`: one for each run that has not ended, those that ended meanwhile until its next turn
* children, and process groups that the guardian knows: one for each slot, and those killed that are not reaped yet
* abandoned runs: a run that swallows its cancellation is abandoned after 2 s: told, its slot free, its coroutine left
  to itself. With 200 of them the worker drains and ends (exit code 1, `stuck`)
* channels: one for each address of COORDINATOR_ADDRESS

What the worker cannot do: while the task loop is blocked, what is taken away goes on and the ends of processes are not
told (their timeouts hold all the same); and C code that never lets go of Python's lock holds up heartbeats, too.

Files
-----
`registry` (@task), `arguments`, `context`, `wishes`, `invoke`, `reports`: one call of a function · `run`, `slots`,
`alarm`, `gathering`, `executor`: what runs where · `frames`, `child`, `teller`, `children`, `caller`, `spawned`,
`guardian`, `orphans`: processes · `arrivals`, `leases`, `outbox`, `progress`, `stream`, `server`, `updates`: what is
held and told · `coordinators`, `session`, `vitals`, `doing`, `blocked`: heartbeats and what they say · `loading`,
`builtins`: which tasks there are · `drain`, `stuck`, `__main__`: the program.
"""
