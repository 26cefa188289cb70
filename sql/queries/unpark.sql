-- unpark: make parked tasks ready whose command a live worker knows by now, at most :most of them.
-- index: tasks_parked by the offered commands, sessions_uncleared. locks: the rows themselves, skipping those others hold.
-- params: :epoch bigint (of the leader; another one unparks nothing), :most int
WITH parked AS MATERIALIZED (
  SELECT id
  FROM tasks
  WHERE state = 4
    AND (SELECT true FROM leader WHERE epoch = :epoch::bigint AND expires_at > statement_timestamp())
    AND command = ANY (ARRAY(
      SELECT DISTINCT unnest(handlers)
      FROM sessions
      WHERE NOT cleared AND ended_at IS NULL AND expires_at > statement_timestamp() AND NOT draining))
  LIMIT :most::int
  FOR UPDATE SKIP LOCKED
)
UPDATE tasks AS t SET state = ready_state(t.crash_count, t.queue, (SELECT array_agg(queue) FROM paused_queues)), error = NULL WHERE t.id = ANY (ARRAY(SELECT id FROM parked))
RETURNING t.id
