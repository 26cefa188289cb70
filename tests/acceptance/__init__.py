"""The cluster as a person meets it: real processes, real PostgreSQL, its public faces only.

One test per line of what was promised to be seen to work. A test that disturbs nobody uses `shared`, a cluster that
lives for the whole session; a test that stops, kills or starves something gets `own`, a cluster to itself. Either way
the end is checked: everything drained with exit code 0, no process left, no traceback in any log.

`processes` starts and finds programs, `cluster` puts them together and speaks to them, `stream` reads server-sent
events, `fixtures/` holds the task modules that the workers import.
"""
