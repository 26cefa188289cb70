-- queue_bring_back: make tasks ready that were put aside in queues which are not paused any more, at most :most of them.
-- index: tasks_paused (once per queue that has any), paused_queues_pkey, tasks_pkey. locks: the rows themselves, skipping
--        those others hold.
-- params: :epoch bigint (of the leader; another one brings nothing back), :most int
-- Looked for again and again, not once at the end of a pause: what was enqueued at that moment may have seen the queue
-- paused.
WITH RECURSIVE names AS (
  SELECT min(queue) AS queue
  FROM tasks
  WHERE state = 6 AND (SELECT true FROM leader WHERE epoch = :epoch::bigint AND expires_at > statement_timestamp())
  UNION ALL
  SELECT (SELECT min(t.queue) FROM tasks AS t WHERE t.state = 6 AND t.queue > names.queue)
  FROM names
  WHERE names.queue IS NOT NULL
), back AS MATERIALIZED (
  SELECT id
  FROM tasks
  WHERE state = 6
    AND queue = ANY (ARRAY(SELECT n.queue FROM names AS n
                           WHERE n.queue IS NOT NULL
                             AND NOT EXISTS (SELECT FROM paused_queues AS p WHERE p.queue = n.queue)))
  LIMIT :most::int
  FOR UPDATE SKIP LOCKED
)
UPDATE tasks AS t SET state = ready_state(t.crash_count) WHERE t.id = ANY (ARRAY(SELECT id FROM back))
RETURNING t.id
