"""`taskmaster bench`: how fast this machine is, beside what PostgreSQL does alone in the same run.

    command       options → scenarios and sizes; then run, show, keep
    sizes         how much of everything: short, quick, full
    measuring     a run: PostgreSQL alone and the scenarios, repeated
    scenario      the interface of a scenario; `scenarios/` has a module for each
    server        a PostgreSQL, and databases of one's own on it     launcher   coordinator, workers, edge
    program       processes, started and ended                       tasks      what the workers register
    draining      preloaded tasks, drained                           backlog    laid in, kept full, looked on
    client, load  the HTTP client beside the cluster, its program    http       requests and answers as bytes
    meter         CPU by process, WAL                                windows    throughput over time
    figures       values, summaries, aims, charts                    machine    where it was measured
    report        tables                                             files, plot  what is left behind

What makes the figures honest:

* Two rates of one run on one machine: their ratio holds where absolute figures do not. So every repeat begins with
  PostgreSQL alone (store/bare.py): the very statements, the same commits, one connection, nobody in between.
* Everything is committed, with synchronous_commit and fsync as the server has them; both are printed.
* A drain begins when the cluster is up, connected and warm: its tasks lie in a transaction that is not committed yet,
  so none is begun before the meters are read, and with fifty workers none before the last of them is there. By
  PostgreSQL's clock it lasts from the statement that claimed the first task until another connection has seen the last
  outcome committed. `finished_at` would flatter: it says when the function ended, before the outcome was written.
* Looking on costs next to nothing: the sum of `counters`, never a count of tasks.
* CPU is that of whole process trees between two readings, without the start of interpreters; what a client spends is
  told apart. Tasks that were sent have all finished when it is read the second time.
* An answer other than 201, a task that fails, a process that ends: the scenario fails, there is no figure.
"""
