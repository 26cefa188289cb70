-- task_cancel: call off tasks, whatever they are doing: they move to history at once, and with their token gone nothing that
--              their workers report is accepted. Rows that come back were cancelled, with the lease that ended.
-- index: tasks_pkey. locks: the rows themselves, in the order of their ids, as finish does.
-- params: :ids uuid[] (sorted), :states smallint[] (only tasks in one of these; NULL = any), :reason text
-- The order is asked for: an edge plans this as it likes, and a scan of the heap would meet the rows of a finish the other
-- way round.
WITH meant AS MATERIALIZED (
  SELECT id
  FROM tasks
  WHERE id = ANY (:ids::uuid[]) AND (:states::smallint[] IS NULL OR state = ANY (:states::smallint[]))
  ORDER BY id
  FOR UPDATE
), gone AS (
  DELETE FROM tasks AS t WHERE t.id = ANY (ARRAY(SELECT id FROM meant)) RETURNING *
), moved AS (
  INSERT INTO task_history (id, scheduled_at, created_at, picked_at, started_at, finished_at, session_id, lease_token,
                            timeout_ms, state, priority, attempt, max_attempts, crash_count, queue, command, payload,
                            worker_id, unique_key, error, result, attempts)
  SELECT id, scheduled_at, created_at, picked_at, started_at, greatest(picked_at, started_at, statement_timestamp()),
         session_id, NULL, timeout_ms, 12, priority, attempt, max_attempts, crash_count, queue, command, payload,
         worker_id, unique_key, :reason::text, NULL,
         CASE WHEN lease_token IS NULL THEN attempts
              ELSE with_attempt(attempts, attempt, worker_id, lease_token, 'cancelled', :reason::text) END
  FROM gone
), counted AS (
  INSERT INTO counters (pending, running, cancelled)
  SELECT -count(*) FILTER (WHERE state <> 3), -count(*) FILTER (WHERE state = 3), count(*) FROM gone HAVING count(*) > 0
)
SELECT id, state, session_id, lease_token, worker_id, command FROM gone
