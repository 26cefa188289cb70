-- tasks_get: tasks by their ids, unfinished and finished, in no order; one snapshot over both tables.
-- index: tasks_pkey, task_history_id of every partition. locks: none.
-- params: :ids uuid[]
SELECT id, state, queue, command, convert_to(payload::text, 'UTF8') AS payload, priority, scheduled_at, created_at,
       picked_at, started_at, NULL::timestamptz AS finished_at, attempt, max_attempts, timeout_ms, crash_count,
       worker_id, unique_key, error, NULL::bytea AS result, progress, progress_message,
       convert_to(attempts::text, 'UTF8') AS attempts
FROM tasks
WHERE id = ANY (:ids::uuid[])
UNION ALL
SELECT id, state, queue, command, convert_to(payload::text, 'UTF8'), priority, scheduled_at, created_at,
       picked_at, started_at, finished_at, attempt, max_attempts, timeout_ms, crash_count,
       worker_id, unique_key, error, convert_to(result::text, 'UTF8'), NULL, NULL,
       convert_to(attempts::text, 'UTF8')
FROM task_history
WHERE id = ANY (:ids::uuid[])
