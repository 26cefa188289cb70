"""The coordinator leases ready tasks to workers, writes what they report, and keeps the list of workers.

How a task passes through, each arrow a batch:

    PostgreSQL ──claim──▶ dispatcher ──▶ delivery ══RunTasks══▶ worker
                              ▲ slots freed                        │
    PostgreSQL ◀─finish── finisher ◀── reports ◀══statuses═════════┘

`session`     what this process remembers of one worker: its leases, its credit. All of it can be rebuilt.
`sessions`    heartbeats open, adopt and prolong sessions; ending one rescues its leases. `heartbeats` reads what they
              say. Whoever was away (a frozen coordinator, a new leader, PostgreSQL in an outage) gives the workers time
              to be heard again before it calls them lost.
`losses`      ends the sessions of workers that fell silent, beside the loop that prolongs the others, which therefore
              wait for nobody's end. `rescues` tells what became of the tasks of lost ones.
`strays`      gives back leases that PostgreSQL holds for a worker here and nobody here knows of.
`revoker`     the other way round: drops leases that PostgreSQL holds no more, for their tasks were cancelled, and has
              their workers told.
`dispatcher`  one claim over all free slots, woken by enqueues and freed slots; polling is the path that is always
              right.
`isolation`   reserves a worker for tasks that must run alone, because their workers crashed twice.
`stream`      the fast delivery: one bidirectional stream to a worker. `push` the simple one: a call per task. One that
              fails ends its session (`delivery`). `reach`: whether a silent worker is gone, frozen or cut off.
`reports`     what came over the wire, as values. `finisher` writes them, a `flush` at a time: the next starts when the
              last returned, so batches grow with the load and an idle system answers at once. A lease is over when its
              outcome is committed or refused as stale; the slot of a streaming worker is free when it has told, for
              its next task can be claimed meanwhile (98.6 instead of 97.8 % of what busy slots can do), but no more
              than its slots: an outage makes no room. What is refused, or came for a lease that nobody remembers, is
              noted with its task as stale, once, before its worker is told to drop it.
`aside`       reports whose rows somebody else has locked, say a psql that was forgotten in the middle of a transaction:
              they wait until the lock goes, and nobody else waits with them. `settling`: a streaming worker keeps such
              a batch, though later ones are settled.
`progress`    how far tasks are: the latest word of each, about once a second.
`submissions` enqueues over gRPC; those of one moment share a COMMIT.
`steering`    cancel and retry by hand, over gRPC; the edge does the same by itself and wakes us.
`feed`        events for those who watch, within a budget; the wire carries them to every edge. `news` words them.
`elector`     one coordinator leads, by the database clock; `duties` are what only a leader does: promote, rescue,
              unpark, fold, prune, sample. Among them `pauses`: what becomes of the tasks of paused queues, and
              `sampler`: the figures of the charts.
`supervision` takes orders from PostgreSQL down to the supervisors and their answers back, and hears which workers
              have ended: nobody knows sooner.
`servicer`    the gRPC surface. `coordinator` puts it all together.

Several coordinators may run at once: claims skip each other's locks, and every write is fenced by its lease's token.
A worker whose commands nobody else offers gets its own claim, so the usual homogeneous cluster needs one statement for
all workers. Connections: DB_POOL_SIZE, a pool and one beside it. The hot path uses two of them: a claim skips what is
locked; the finisher has that one to itself, for it waits for locks a tenth of a second only.

Bounds. Everything here is bounded by the workers (`sessions.SESSIONS`), by the leases that they may hold, or by a
number named beside it: the ring of events, reports that wait (a worker that floods is read no further), enqueues under
way, progress, what one message or one statement may carry.

Time. Pauses and ages are monotonic; what is due, expired or told to people goes by the database clock alone. So a
coordinator whose wall clock is an hour off differs from others in nothing.
"""
