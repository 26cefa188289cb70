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
  coroutines of this worker; `loop_lag` of the heartbeat shows it. Who blocks it beyond its timeout fails, and the
  worker ends (exit code 1, `stuck`): a thread cannot be killed.
* A plain `def` runs in a *child process*, one at a time, for a process can be killed and a thread cannot. Children are
  programs (`python -m cluster.worker.child`), started when first needed, kept warm, replaced after a kill or a crash,
  and they die with the worker, even by SIGKILL.

Everything crosses between the threads in batches, one wake-up of the other loop for each. A no-op costs about 4 µs of
CPU in the executor and 8 µs in the whole worker, gRPC included (perf/worker.py).

Where a lease is
----------------
`Leases` holds it from its arrival until its outcome is settled. `Slots` has the queue: as many runs at once as the
worker has slots, the others in the order they came; those that were given ahead and find every slot busy with a long
task are given back. What became of a run is written once, by the task thread, and goes into the `Outbox`: numbered
batches, in memory until the coordinator says that they are committed or refused, told again on a new stream. Nothing
else is kept of a task: memory does not grow with the tasks done.

Who writes what
---------------
`Slots` writes a `Run` until its outcome is set; nobody writes it afterwards. `Leases`, `Outbox` and `Session` are
touched by the I/O loop alone. `Stream._write` is the only writer of a stream. Only what the coordinator answers changes
the session: 0 means that it is over, its leases are rescued; everything held is dropped without a word, and the worker
registers as a new life under a new worker id.

The end
-------
SIGTERM drains: no new lease is begun (they are given back, also those that still arrive), what runs may run on for
DRAIN_TIMEOUT and is then cancelled and given back, and the process ends when the coordinator has settled all of it. A
second signal ends it at once; then the session's leases are rescued.

Limits
------
Results and errors 16 KiB each (`reports`), 500 outcomes in one message, 20,000 leases held (`leases.HELD_MAX`). A run
that swallows its cancellation is abandoned after 2 s: told, its slot free, its coroutine left to itself.

Files
-----
`registry` (@task), `arguments`, `context`, `invoke`, `reports`: one call of a function · `run`, `slots`, `executor`:
what runs where · `frames`, `child`, `children`, `spawned`: processes · `leases`, `outbox`, `stream`, `server`,
`updates`: what is held and told · `coordinators`, `session`, `vitals`: heartbeats · `loading`, `builtins`: which tasks
there are · `drain`, `stuck`, `__main__`: the program.
"""
