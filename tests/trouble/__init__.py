"""PostgreSQL in trouble, with real processes before it: restarted, killed, cut off, full, crowded, replaced.

The rules are the same in every test: no process of ours restarts, whatever was acknowledged is there afterwards and
ran once, whoever asks during the outage is told so within a bounded time, and nobody has to do anything to end it.

`server` a PostgreSQL of these tests' own, which they may kill · `cast` the cluster before it and who posts to it
"""
