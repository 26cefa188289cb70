-- task_list: a page of tasks in the order of (scheduled_at, id), unfinished and finished; one snapshot over both tables.
-- index: from the key on tasks_due, tasks_ready (once per priority), tasks_put_aside, tasks_isolated, task_history_listed
--        or, asked for what went wrong, task_history_unsuccessful; all of tasks_held, which is what the workers have room
--        for. locks: none.
-- params: :states smallint[], :queue text, :command text, :worker text (NULL = any; see task_matches in the schema),
--         :after_at timestamptz, :after_id uuid, :before_at timestamptz, :before_id uuid (what the page lies between: its
--         bounds, one of them the last row of the page before), :most int, :looks int (at least :most), :bytes bigint (NULL
--         = any)
-- What is rare could be anywhere in a long history, and an index per filter would make every finish a quarter slower. So
-- no index is followed further than :looks entries, and the page ends where the first of them was left: that row comes
-- last, with `until` true; `listed` is false if it only marks the place. Its place is where the next page begins.
-- A page ends, too, with the row that takes its payloads, results and errors over :bytes; `found` is how many rows there
-- would be without that. Only the lengths of the others are read, and nothing of them is sent.
-- Planned with its values: a state that is not asked for is then a constant false, and is not read at all. Only held
-- tasks have a worker.
WITH unfinished AS (
  (SELECT *, row_number() OVER () = :looks::int AS until
   FROM (SELECT *
         FROM tasks
         WHERE state = 0 AND (:states::smallint[] IS NULL OR 0 = ANY (:states::smallint[])) AND :worker::text IS NULL
           AND (scheduled_at, id) > (:after_at::timestamptz, :after_id::uuid)
           AND (scheduled_at, id) < (:before_at::timestamptz, :before_id::uuid)
         ORDER BY scheduled_at, id
         LIMIT :looks::int) AS scheduled)
  UNION ALL
  (SELECT ready.*
   FROM generate_series(-100, 100) AS every (priority),
        LATERAL (SELECT *, row_number() OVER () = :looks::int AS until
                 FROM (SELECT *
                       FROM tasks AS t
                       WHERE t.state = 1 AND (:states::smallint[] IS NULL OR 1 = ANY (:states::smallint[]))
                         AND :worker::text IS NULL AND t.priority = every.priority
                         AND (t.scheduled_at, t.id) > (:after_at::timestamptz, :after_id::uuid)
                         AND (t.scheduled_at, t.id) < (:before_at::timestamptz, :before_id::uuid)
                       ORDER BY t.scheduled_at, t.id
                       LIMIT :looks::int) AS of_priority) AS ready)
  UNION ALL
  (SELECT *, false AS until
   FROM tasks
   WHERE session_id IS NOT NULL AND (:states::smallint[] IS NULL OR state = ANY (:states::smallint[]))
     AND (:states::smallint[] IS NULL OR 2 = ANY (:states::smallint[]) OR 3 = ANY (:states::smallint[]))
     AND (scheduled_at, id) > (:after_at::timestamptz, :after_id::uuid)
     AND (scheduled_at, id) < (:before_at::timestamptz, :before_id::uuid)
     AND task_matches(queue, command, worker_id, :queue::text, :command::text, :worker::text))
  UNION ALL
  (SELECT *, row_number() OVER () = :looks::int AS until
   FROM (SELECT *
         FROM tasks
         WHERE state IN (4, 6) AND :worker::text IS NULL
           AND (:states::smallint[] IS NULL OR 4 = ANY (:states::smallint[]) OR 6 = ANY (:states::smallint[]))
           AND (scheduled_at, id) > (:after_at::timestamptz, :after_id::uuid)
           AND (scheduled_at, id) < (:before_at::timestamptz, :before_id::uuid)
         ORDER BY scheduled_at, id
         LIMIT :looks::int) AS aside)
  UNION ALL
  (SELECT *, row_number() OVER () = :looks::int AS until
   FROM (SELECT *
         FROM tasks
         WHERE state = 5 AND (:states::smallint[] IS NULL OR 5 = ANY (:states::smallint[])) AND :worker::text IS NULL
           AND (scheduled_at, id) > (:after_at::timestamptz, :after_id::uuid)
           AND (scheduled_at, id) < (:before_at::timestamptz, :before_id::uuid)
         ORDER BY scheduled_at, id
         LIMIT :looks::int) AS isolated)
), finished AS (
  (SELECT *, row_number() OVER () = :looks::int AS until
   FROM (SELECT *
         FROM task_history
         WHERE (:states::smallint[] IS NULL OR 10 = ANY (:states::smallint[]))
           AND (scheduled_at, id) > (:after_at::timestamptz, :after_id::uuid)
           AND (scheduled_at, id) < (:before_at::timestamptz, :before_id::uuid)
         ORDER BY scheduled_at, id
         LIMIT :looks::int) AS complete)
  UNION ALL
  (SELECT *, row_number() OVER () = :looks::int AS until
   FROM (SELECT *
         FROM task_history
         WHERE state <> 10 AND NOT 10 = ANY (:states::smallint[]) AND 10 < ANY (:states::smallint[])
           AND (scheduled_at, id) > (:after_at::timestamptz, :after_id::uuid)
           AND (scheduled_at, id) < (:before_at::timestamptz, :before_id::uuid)
         ORDER BY scheduled_at, id
         LIMIT :looks::int) AS unsuccessful)
), looked AS MATERIALIZED (
  SELECT id, state, queue, command, payload, priority, scheduled_at, created_at, picked_at, started_at,
         NULL::timestamptz AS finished_at, attempt, max_attempts, timeout_ms, crash_count, worker_id, unique_key, error,
         NULL::json AS result, progress, progress_message, until
  FROM unfinished
  UNION ALL
  SELECT id, state, queue, command, payload, priority, scheduled_at, created_at, picked_at, started_at,
         finished_at, attempt, max_attempts, timeout_ms, crash_count, worker_id, unique_key, error, result,
         NULL, NULL, until
  FROM finished
), marked AS (
  SELECT *, (:states::smallint[] IS NULL OR state = ANY (:states::smallint[]))
            AND task_matches(queue, command, worker_id, :queue::text, :command::text, :worker::text) AS listed
  FROM looked
), place AS MATERIALIZED (
  SELECT scheduled_at, id FROM looked WHERE until ORDER BY scheduled_at, id LIMIT 1
), page AS (
  SELECT *
  FROM marked
  WHERE (listed OR (scheduled_at, id) = (SELECT scheduled_at, id FROM place))
    AND (NOT EXISTS (SELECT FROM place) OR (scheduled_at, id) <= (SELECT scheduled_at, id FROM place))
  ORDER BY scheduled_at, id
  LIMIT :most::int
), weighed AS (
  SELECT *, count(*) OVER () AS found,
         sum(coalesce(octet_length(payload::text), 0) + coalesce(octet_length(result::text), 0)
             + coalesce(octet_length(error), 0))
           OVER (ORDER BY scheduled_at, id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS bytes_before
  FROM page
)
SELECT id, state, queue, command, convert_to(payload::text, 'UTF8') AS payload, priority, scheduled_at, created_at,
       picked_at, started_at, finished_at, attempt, max_attempts, timeout_ms, crash_count, worker_id, unique_key, error,
       convert_to(result::text, 'UTF8') AS result, progress, progress_message, NULL::bytea AS attempts,
       coalesce((scheduled_at, id) = (SELECT scheduled_at, id FROM place), false) AS until, listed, found
FROM weighed
WHERE :bytes::bigint IS NULL OR coalesce(bytes_before, 0) <= :bytes::bigint
ORDER BY scheduled_at, id
