-- task_retry: run tasks again that ended without success: they come back from history, ready at once, with all attempts
--             before them. One whose unique key a live task holds stays where it is. Rows that come back are ready again.
-- index: task_history_id of every partition, tasks_pkey and tasks_unique_key as arbiters. locks: the rows themselves.
-- params: :ids uuid[], :states smallint[] (only tasks in one of these; NULL = any that ended without success)
WITH ended AS MATERIALIZED (
  SELECT *
  FROM task_history
  WHERE id = ANY (:ids::uuid[]) AND state IN (11, 12, 13, 14)
    AND (:states::smallint[] IS NULL OR state = ANY (:states::smallint[]))
  ORDER BY id
  FOR UPDATE
), again AS (
  INSERT INTO tasks (id, scheduled_at, created_at, timeout_ms, state, priority, max_attempts, queue, command, payload,
                     unique_key, attempts)
  SELECT id, statement_timestamp(), created_at, timeout_ms, ready_state(0, queue, (SELECT array_agg(queue) FROM paused_queues)), priority, max_attempts, queue, command, payload, unique_key,
         with_attempt(
           -- A lease that was cancelled by hand stands there already.
           CASE WHEN state = 12 AND lease_token IS NULL
                     AND attempts @> jsonb_build_array(jsonb_build_object('outcome', 'cancelled', 'attempt', attempt))
                THEN attempts
                ELSE with_attempt(attempts, attempt, worker_id, lease_token, task_state_name(state), error) END,
           NULL, NULL, NULL, 'retried', 'by hand')
  FROM ended
  ON CONFLICT DO NOTHING
  RETURNING id
), gone AS (
  DELETE FROM task_history WHERE id = ANY (ARRAY(SELECT id FROM again)) RETURNING id, state, command
), counted AS (
  INSERT INTO counters (pending, failed, cancelled, retried)
  SELECT count(*), -count(*) FILTER (WHERE state <> 12), -count(*) FILTER (WHERE state = 12), count(*)
  FROM gone HAVING count(*) > 0
)
SELECT id, state, command FROM gone
