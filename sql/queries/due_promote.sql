-- due_promote: make due tasks ready, earliest first; how many, and in how many seconds the next is due (0 = more are).
-- index: tasks_due, tasks_pkey; paused_queues_pkey, once. locks: the promoted rows, skipping those others hold.
-- params: :epoch bigint (of the leader; another one promotes nothing), :most int
WITH due AS MATERIALIZED (
  SELECT id
  FROM tasks
  WHERE state = 0 AND scheduled_at <= statement_timestamp()
    AND (SELECT true FROM leader WHERE epoch = :epoch::bigint AND expires_at > statement_timestamp())
  ORDER BY scheduled_at
  LIMIT :most::int
  FOR UPDATE SKIP LOCKED
), promoted AS (
  UPDATE tasks SET state = ready_state(crash_count, queue, (SELECT array_agg(queue) FROM paused_queues)) WHERE id = ANY (ARRAY(SELECT id FROM due)) RETURNING id
)
SELECT count(*)::int AS promoted,
       CASE WHEN count(*) >= :most::int THEN 0
            ELSE extract(epoch FROM (SELECT min(scheduled_at) FROM tasks
                                     WHERE state = 0 AND scheduled_at > statement_timestamp()) - clock_timestamp())
       END::float8 AS next_due
FROM promoted
