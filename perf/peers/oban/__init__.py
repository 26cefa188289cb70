"""Oban for Python, the open-source edition.

One queue whose limit is many times the cores, for its tasks are coroutines, and `enqueue_many`:
https://oban.pro/docs/py/defining_queues.html, https://oban.pro/docs/py/enqueueing_jobs.html.
The pool of 10 connections
is what its page on production advises (https://oban.pro/docs/py/production.html#sizing-the-connection-pool). Using more
than one core takes several processes here; the edition with processes of its own is sold. Jobs that were executing when
their worker died are rescued when they are 300 s old: https://oban.pro/docs/py/job_maintenance.html
"""

from peers.contract import Home, Peer, Runtime

PEER = Peer(
    name="oban",
    title="Oban",
    home=Home.POSTGRESQL,
    runtime=Runtime.PYTHON,
    packages=("oban", "psycopg", "uvloop"),
    unfinished="SELECT count(*) FROM (SELECT FROM oban_jobs WHERE state IN ('available', 'executing') LIMIT 1) AS one",
    workers=2,
    settings="2 processes, queue limit 200 each, uvloop, coroutines",
    acknowledged="after COMMIT (synchronous_commit on): enqueue, claim, and every outcome",
    execution="at least once",
    history="kept, 1 day",
    pages=("https://oban.pro/docs/py/production.html",),
    least_python=(3, 12),
)
