-- task_list: a page of tasks in the order of (scheduled_at, id), unfinished and finished; one snapshot over both tables.
-- index: tasks_listed and task_history_listed (task_history_unsuccessful by state) from the key on. locks: none.
-- params: :states smallint[], :queue text, :command text, :worker text (NULL = any; an id, or a name without its suffix),
--         :after_at timestamptz, :after_id uuid (the last row of the page before), :most int
WITH page AS (
  (SELECT id, state, queue, command, payload, priority, scheduled_at, created_at, picked_at, started_at,
          NULL::timestamptz AS finished_at, attempt, max_attempts, timeout_ms, crash_count, worker_id, unique_key, error,
          NULL::json AS result
   FROM tasks
   WHERE (scheduled_at, uuid_send(id)) > (:after_at::timestamptz, uuid_send(:after_id::uuid))
     AND (:states::smallint[] IS NULL OR state = ANY (:states::smallint[]))
     AND (:queue::text IS NULL OR queue = :queue::text)
     AND (:command::text IS NULL OR command = :command::text)
     AND (:worker::text IS NULL OR worker_id = :worker::text
          OR worker_id ~ '-[0-9a-f]{8}$' AND left(worker_id, -9) = :worker::text)
   ORDER BY scheduled_at, uuid_send(id)
   LIMIT :most::int)
  UNION ALL
  (SELECT id, state, queue, command, payload, priority, scheduled_at, created_at, picked_at, started_at,
          finished_at, attempt, max_attempts, timeout_ms, crash_count, worker_id, unique_key, error, result
   FROM task_history
   WHERE (scheduled_at, id) > (:after_at::timestamptz, :after_id::uuid)
     AND (:states::smallint[] IS NULL OR state = ANY (:states::smallint[]))
     AND (:queue::text IS NULL OR queue = :queue::text)
     AND (:command::text IS NULL OR command = :command::text)
     AND (:worker::text IS NULL OR worker_id = :worker::text
          OR worker_id ~ '-[0-9a-f]{8}$' AND left(worker_id, -9) = :worker::text)
   ORDER BY scheduled_at, id
   LIMIT :most::int)
  ORDER BY scheduled_at, id
  LIMIT :most::int
)
SELECT id, state, queue, command, convert_to(payload::text, 'UTF8') AS payload, priority, scheduled_at, created_at,
       picked_at, started_at, finished_at, attempt, max_attempts, timeout_ms, crash_count, worker_id, unique_key, error,
       convert_to(result::text, 'UTF8') AS result
FROM page
ORDER BY scheduled_at, id
