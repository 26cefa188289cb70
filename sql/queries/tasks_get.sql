-- tasks_get: tasks by their ids, unfinished and finished, in no order; one snapshot over both tables.
-- index: tasks_pkey, task_history_id of every partition. locks: none.
-- params: :ids uuid[], :bytes bigint
-- In the order of the ids it ends with the row that takes what is large over :bytes; `found` is how many rows there would
-- be without that. Only the lengths of the others are read, and nothing of them is sent.
WITH found AS (
  SELECT id, state, queue, command, payload, priority, scheduled_at, created_at, picked_at, started_at,
         NULL::timestamptz AS finished_at, attempt, max_attempts, timeout_ms, crash_count, worker_id, unique_key, error,
         NULL::json AS result, progress, progress_message, attempts
  FROM tasks
  WHERE id = ANY (:ids::uuid[])
  UNION ALL
  SELECT id, state, queue, command, payload, priority, scheduled_at, created_at, picked_at, started_at,
         finished_at, attempt, max_attempts, timeout_ms, crash_count, worker_id, unique_key, error,
         result, NULL, NULL, attempts
  FROM task_history
  WHERE id = ANY (:ids::uuid[])
), weighed AS (
  SELECT *, count(*) OVER () AS found,
         sum(coalesce(octet_length(payload::text), 0) + coalesce(octet_length(result::text), 0)
             + coalesce(octet_length(error), 0) + coalesce(octet_length(attempts::text), 0))
           OVER (ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS bytes_before
  FROM found
)
SELECT id, state, queue, command, convert_to(payload::text, 'UTF8') AS payload, priority, scheduled_at, created_at,
       picked_at, started_at, finished_at, attempt, max_attempts, timeout_ms, crash_count, worker_id, unique_key, error,
       convert_to(result::text, 'UTF8') AS result, progress, progress_message,
       convert_to(attempts::text, 'UTF8') AS attempts, found
FROM weighed
WHERE coalesce(bytes_before, 0) <= :bytes::bigint
