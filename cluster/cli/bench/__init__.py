"""`taskmaster bench`: how fast this machine drains no-op tasks, beside what PostgreSQL does alone in the same run.

`command` is the command; `server` finds or starts a PostgreSQL, on which every figure gets a database of its own,
dropped afterwards; `engine` preloads the tasks and lets a real coordinator and real workers drain them; `program` is
how these are started and ended; `figures` are the values and what follows from them.

Two rates in one run on one machine: their ratio holds where absolute figures do not. Everything is committed, with
synchronous_commit and fsync as the server has them. The clock of the engine's rate is PostgreSQL's: from the first
picked_at to the last finished_at, so starting processes and looking on cost nothing.
"""
