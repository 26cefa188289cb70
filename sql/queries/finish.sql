-- finish: move tasks whose lease still holds into history, count them. Rows that come back were accepted.
-- index: tasks_pkey only; the token is checked on the row (no other condition: it would tempt the planner to start
--        from a partial index and compare every row with every row). locks: the finished rows.
-- params: parallel arrays :ids uuid[], :tokens bigint[], :states smallint[], :started bigint[] and :finished bigint[]
--         (microseconds before now; started NULL = never), :results text[] (JSON), :errors text[]
WITH outcome AS MATERIALIZED (
  SELECT * FROM unnest(:ids::uuid[], :tokens::bigint[], :states::smallint[], :started::bigint[], :finished::bigint[],
                       :results::text[], :errors::text[])
    AS o (id, token, state, started, finished, result, error)
), gone AS (
  DELETE FROM tasks AS t USING outcome AS o
  WHERE t.id = o.id AND t.lease_token = o.token
  RETURNING t.id, t.scheduled_at, t.created_at, t.picked_at,
            CASE WHEN o.started IS NOT NULL
                 THEN greatest(t.picked_at, statement_timestamp() - o.started * interval '1 microsecond') END AS started_at,
            greatest(t.picked_at, statement_timestamp() - o.finished * interval '1 microsecond') AS finished_at,
            t.session_id, t.lease_token, t.timeout_ms, o.state, t.state AS was, t.priority, t.attempt, t.max_attempts,
            t.crash_count, t.queue, t.command, t.payload, t.worker_id, t.unique_key,
            coalesce(o.error, CASE WHEN o.state <> 10 THEN t.error END) AS error, o.result::json AS result
), moved AS (
  INSERT INTO task_history (id, scheduled_at, created_at, picked_at, started_at, finished_at, session_id, lease_token,
                            timeout_ms, state, priority, attempt, max_attempts, crash_count, queue, command, payload,
                            worker_id, unique_key, error, result)
  SELECT id, scheduled_at, created_at, picked_at, started_at, greatest(started_at, finished_at), session_id, lease_token,
         timeout_ms, state, priority, attempt, max_attempts, crash_count, queue, command, payload, worker_id, unique_key,
         error, result
  FROM gone
), counted AS (
  INSERT INTO counters (pending, running, completed, failed, cancelled)
  SELECT -count(*) FILTER (WHERE was <> 3), -count(*) FILTER (WHERE was = 3), count(*) FILTER (WHERE state = 10),
         count(*) FILTER (WHERE state IN (11, 13)), count(*) FILTER (WHERE state = 12)
  FROM gone HAVING count(*) > 0
)
SELECT id FROM gone
