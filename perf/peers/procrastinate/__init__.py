"""Procrastinate.

`concurrency=30` as its page on throughput has it, in as many workers as cores:
https://procrastinate.readthedocs.io/en/stable/howto/production/concurrency.html
Bulk enqueue:
https://procrastinate.readthedocs.io/en/stable/howto/basics/batch_defer.html
Tasks of a dead worker stay `doing` until
somebody retries them; the page that tells how has a task of one's own do it every tenth minute:
https://procrastinate.readthedocs.io/en/stable/howto/production/retry_stalled_jobs.html
"""

from peers.contract import Home, Peer, Runtime

PEER = Peer(
    name="procrastinate",
    title="Procrastinate",
    home=Home.POSTGRESQL,
    runtime=Runtime.PYTHON,
    packages=("procrastinate", "psycopg"),
    unfinished="SELECT count(*) FROM (SELECT FROM procrastinate_jobs WHERE status IN ('todo', 'doing') LIMIT 1) AS one",
    workers=2,
    settings="2 processes, concurrency 30, coroutines",
    acknowledged="after COMMIT (synchronous_commit on): enqueue, claim, and every outcome",
    execution="at least once, if stalled jobs are retried",
    history="kept, with events, until pruned",
    pages=("https://procrastinate.readthedocs.io/en/stable/howto/production/concurrency.html",),
)
