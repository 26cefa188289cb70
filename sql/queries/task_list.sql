-- task_list: a page of tasks in the order of (scheduled_at, id), unfinished and finished; one snapshot over both tables.
-- index: from the key on tasks_due, tasks_ready (once per priority), tasks_put_aside, tasks_isolated, task_history_listed
--        or, asked for what went wrong, task_history_unsuccessful; all of tasks_held, which is what the workers have room
--        for. locks: none.
-- params: :states smallint[], :queue text, :command text, :worker text (NULL = any; see task_matches in the schema),
--         :after_at timestamptz, :after_id uuid (the last row of the page before), :most int
-- Planned with its values: a state that is not asked for is then a constant false, and is not read at all. Only held
-- tasks have a worker.
WITH unfinished AS (
  (SELECT *
   FROM tasks
   WHERE state = 0 AND (:states::smallint[] IS NULL OR 0 = ANY (:states::smallint[])) AND :worker::text IS NULL
     AND (scheduled_at, id) > (:after_at::timestamptz, :after_id::uuid)
     AND task_matches(queue, command, worker_id, :queue::text, :command::text, NULL)
   ORDER BY scheduled_at, id
   LIMIT :most::int)
  UNION ALL
  (SELECT ready.*
   FROM generate_series(-100, 100) AS every (priority),
        LATERAL (SELECT *
                 FROM tasks AS t
                 WHERE t.state = 1 AND (:states::smallint[] IS NULL OR 1 = ANY (:states::smallint[]))
                   AND :worker::text IS NULL AND t.priority = every.priority
                   AND (t.scheduled_at, t.id) > (:after_at::timestamptz, :after_id::uuid)
                   AND task_matches(t.queue, t.command, t.worker_id, :queue::text, :command::text, NULL)
                 ORDER BY t.scheduled_at, t.id
                 LIMIT :most::int) AS ready)
  UNION ALL
  (SELECT *
   FROM tasks
   WHERE session_id IS NOT NULL AND (:states::smallint[] IS NULL OR state = ANY (:states::smallint[]))
     AND (:states::smallint[] IS NULL OR 2 = ANY (:states::smallint[]) OR 3 = ANY (:states::smallint[]))
     AND (scheduled_at, id) > (:after_at::timestamptz, :after_id::uuid)
     AND task_matches(queue, command, worker_id, :queue::text, :command::text, :worker::text))
  UNION ALL
  (SELECT *
   FROM tasks
   WHERE state = 4 AND (:states::smallint[] IS NULL OR 4 = ANY (:states::smallint[])) AND :worker::text IS NULL
     AND (scheduled_at, id) > (:after_at::timestamptz, :after_id::uuid)
     AND task_matches(queue, command, worker_id, :queue::text, :command::text, NULL)
   ORDER BY scheduled_at, id
   LIMIT :most::int)
  UNION ALL
  (SELECT *
   FROM tasks
   WHERE state = 5 AND (:states::smallint[] IS NULL OR 5 = ANY (:states::smallint[])) AND :worker::text IS NULL
     AND (scheduled_at, id) > (:after_at::timestamptz, :after_id::uuid)
     AND task_matches(queue, command, worker_id, :queue::text, :command::text, NULL)
   ORDER BY scheduled_at, id
   LIMIT :most::int)
), finished AS (
  SELECT *
  FROM task_history
  WHERE (scheduled_at, id) > (:after_at::timestamptz, :after_id::uuid)
    AND (:states::smallint[] IS NULL OR state = ANY (:states::smallint[]))
    AND task_matches(queue, command, worker_id, :queue::text, :command::text, :worker::text)
  ORDER BY scheduled_at, id
  LIMIT :most::int
), page AS (
  SELECT id, state, queue, command, payload, priority, scheduled_at, created_at, picked_at, started_at,
         NULL::timestamptz AS finished_at, attempt, max_attempts, timeout_ms, crash_count, worker_id, unique_key, error,
         NULL::json AS result, progress, progress_message
  FROM unfinished
  UNION ALL
  SELECT id, state, queue, command, payload, priority, scheduled_at, created_at, picked_at, started_at,
         finished_at, attempt, max_attempts, timeout_ms, crash_count, worker_id, unique_key, error, result,
         NULL, NULL
  FROM finished
  ORDER BY scheduled_at, id
  LIMIT :most::int
)
SELECT id, state, queue, command, convert_to(payload::text, 'UTF8') AS payload, priority, scheduled_at, created_at,
       picked_at, started_at, finished_at, attempt, max_attempts, timeout_ms, crash_count, worker_id, unique_key, error,
       convert_to(result::text, 'UTF8') AS result, progress, progress_message, NULL::bytea AS attempts
FROM page
ORDER BY scheduled_at, id
