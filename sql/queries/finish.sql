-- finish: move tasks whose lease still holds into history, count them. One row comes back: how many were accepted, and
--         which, unless all were.
-- index: tasks_pkey; the token is checked on the row. locks: the finished rows.
-- params: parallel arrays sorted by id: :ids uuid[], :tokens bigint[], :states smallint[], :started bigint[] and
--         :finished bigint[] (microseconds before now; started NULL = never), :results text[] (JSON), :errors text[];
--         the last two may be empty, which means NULL for all
-- No join, for the reason told in claim.sql: width_bucket finds a row's place in the sorted ids. Each array is read
-- through a scalar subquery: that casts it once, where a bare parameter would be cast again for every row.
WITH gone AS (
  DELETE FROM tasks AS t
  WHERE t.id = ANY ((SELECT :ids::uuid[])::uuid[])
    AND t.lease_token = (SELECT :tokens::bigint[])[width_bucket(t.id, (SELECT :ids::uuid[]))]
  RETURNING t.*, width_bucket(t.id, (SELECT :ids::uuid[])) AS n
), moved AS (
  INSERT INTO task_history (id, scheduled_at, created_at, picked_at, started_at, finished_at, session_id, lease_token,
                            timeout_ms, state, priority, attempt, max_attempts, crash_count, queue, command, payload,
                            worker_id, unique_key, error, result, attempts)
  SELECT id, scheduled_at, created_at, picked_at,
         coalesce(started_at,
                  greatest(picked_at, statement_timestamp() - (SELECT :started::bigint[])[n] * interval '1 microsecond')),
         greatest(picked_at, started_at, statement_timestamp() - (SELECT :finished::bigint[])[n] * interval '1 microsecond'),
         session_id, lease_token, timeout_ms, (SELECT :states::smallint[])[n], priority, attempt, max_attempts, crash_count,
         queue, command, payload, worker_id, unique_key, (SELECT :errors::text[])[n], (SELECT :results::text[])[n]::json,
         attempts
  FROM gone
), counted AS (
  INSERT INTO counters (pending, running, completed, failed, cancelled)
  SELECT -count(*) FILTER (WHERE state <> 3), -count(*) FILTER (WHERE state = 3),
         count(*) FILTER (WHERE (SELECT :states::smallint[])[n] = 10),
         count(*) FILTER (WHERE (SELECT :states::smallint[])[n] IN (11, 13)),
         count(*) FILTER (WHERE (SELECT :states::smallint[])[n] = 12)
  FROM gone HAVING count(*) > 0
)
SELECT count(*) AS accepted, CASE WHEN count(*) < cardinality(:ids::uuid[]) THEN array_agg(id) END AS ids FROM gone
