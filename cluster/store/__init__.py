"""PostgreSQL, and the only package that knows its driver.

Functions take a connection; none of them owns the database. `async with connected(pool) as connection` gives one in
autocommit, so a function that runs one statement has committed when it returns. Driver errors leave that block as
`StoreUnavailable` (try again) or `StoreRejected` (it would fail again).

`pool`        connections, set up the same way everywhere; PINNED plans for those who claim and finish; one that waits
              for no lock, for those who finish
`dialling`    what every connection is told: the host that takes writes, how soon a dead line is noticed
`line`        one connection: bounded waits, and outages that are told once
`errors`      driver errors become ours
`statements`  one statement a file, in sql/queries
`migrations`  the schema, in sql/migrations; forward only
`enqueue`     adding tasks, idempotently
`certainty`   the same, until it is known how it ended
`group_commit` the same, for many callers at once; `waiting` is who waits for it
`tasks`       reading tasks: by id, a page of them
`leases`      claim, and what becomes of a lease; every write is fenced by its token
`floors`      where the next claim begins, so that what is done is not walked over again
`sessions`    the lives of workers; when one ends its leases are rescued in the same statement
`due`         scheduled → ready, by the database clock
`counters`    totals without count(*)
`history`     the partitions of what is finished
`leadership`  who promotes, rescues, folds and prunes; their statements check the epoch themselves
`orders`      what people told the supervisor, on its way there and back
`queues`      which queues are paused, and what becomes of their tasks
`commands`    what the workers offer, and what each command takes
`outlook`     what an unfinished task waits for
`samples`     a day of figures in small rows
`health`      how PostgreSQL is doing
`clock`       the database clock between two statements
`server`      which PostgreSQL this is
`bare`        the bench of PostgreSQL alone

What holds everything together:

* A batch is a statement: arrays in, rows out. Nothing here costs a round trip per task.
* Whatever a statement changes, it counts, in the same statement; so totals are right at every snapshot.
* What may run twice at the same time locks in one order (sessions, then tasks by id) or skips what is locked.
* A statement that acts for a leader names the epoch and does nothing when another one leads by now.
* Plans do not depend on statistics: rows are addressed by keys, and tests bound what the statements read.
"""
