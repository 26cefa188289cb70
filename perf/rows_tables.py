"""What perf/rows.py measures on: tasks of a few queues, commands and workers, some of them rare, made on the server."""

from cluster.cli.bench.server import Database
from cluster.store.history import ensure_partitions
from cluster.store.pool import connected

DAYS = 7
"""The finished tasks are spread over so many days."""

# One in 100,000 tasks (or the last one) is rare in every respect; one in 50 failed.
_PENDING = """
INSERT INTO tasks (id, scheduled_at, command, queue, priority, state)
SELECT (lpad(to_hex((extract(epoch FROM statement_timestamp()) * 1e6)::bigint), 16, '0')
        || lpad(to_hex(n), 16, '0'))::uuid,
       statement_timestamp() - ({rows} - n) * interval '1 ms' + (n % 10 = 0)::int * interval '1 day',
       CASE WHEN n = {rows} OR n % 100000 = 0 THEN 'rare' ELSE 'noop' END,
       CASE WHEN n = {rows} OR n % 100000 = 0 THEN 'rare' ELSE 'q' || n % 5 END,
       n % 3, (n % 10 > 0)::int
FROM generate_series(1, {rows}) AS n
"""
_FINISHED = """
INSERT INTO task_history (id, scheduled_at, created_at, picked_at, started_at, finished_at, session_id, lease_token,
                          state, priority, attempt, crash_count, queue, command, worker_id)
SELECT (lpad(to_hex((extract(epoch FROM at) * 1e6)::bigint), 16, '0') || lpad(to_hex(n), 16, '0'))::uuid,
       at, at, at, at, at, 1, n, CASE WHEN n % 50 = 0 THEN 11 ELSE 10 END, 0, 1, 0,
       CASE WHEN n = {rows} OR n % 100000 = 0 THEN 'rare' ELSE 'q' || n % 5 END,
       CASE WHEN n = {rows} OR n % 100000 = 0 THEN 'rare' ELSE 'noop' END,
       CASE WHEN n = {rows} OR n % 100000 = 0 THEN 'rare-0000000a' ELSE 'w' || n % 5 || '-0000000b' END
FROM generate_series(1, {rows}) AS n,
     LATERAL (SELECT statement_timestamp() - ({rows} - n) * ({days}::float8 / {rows}) * interval '1 day') AS t (at)
"""
_DAYS = """
INSERT INTO task_history (id, scheduled_at, created_at, finished_at, state, priority, attempt, crash_count, queue,
                          command)
SELECT gen_random_uuid(), at, at, at, 10, 0, 1, 0, 'q1', 'noop'
FROM generate_series(0, {days}) AS n, LATERAL (SELECT statement_timestamp() - n * interval '1 day') AS t (at)
"""


async def fill(database: Database, pending: int, finished: int) -> None:
    """So many tasks wait and so many have finished; statistics are as autovacuum would have them."""
    async with connected(database.pool) as connection:
        # A row for each day first, for partitions are made of days that have any.
        await connection.execute(_DAYS.format(days=DAYS).encode())
        await ensure_partitions(connection, None, 1)
        await connection.execute(_PENDING.format(rows=pending).encode())
        await connection.execute(_FINISHED.format(rows=finished, days=DAYS).encode())
        await connection.execute(
            "INSERT INTO sessions (worker_id, name, address, coordinator, slots, streaming, handlers, expires_at) "
            "VALUES ('w0-0000000b', 'w0', '127.0.0.1:1', 'c', 5, true, '{noop}', 'infinity')"
        )
        await connection.execute("INSERT INTO counters (pending, completed) VALUES (%s, %s)", (pending, finished))
        await connection.execute("VACUUM ANALYZE")
