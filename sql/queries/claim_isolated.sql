-- claim_isolated: lease one task that has to run alone. One row or none.
-- index: tasks_isolated (in order), then tasks_pkey; paused_queues_pkey. locks: the picked row, skipping those others hold.
-- params: :session bigint, :worker text, :commands text[] (what the worker knows)
WITH picked AS MATERIALIZED (
  SELECT id
  FROM tasks
  WHERE state = 5 AND command = ANY (:commands::text[])
    AND NOT (queue = ANY ((SELECT coalesce(array_agg(queue), '{}') FROM paused_queues)::text[]))
  ORDER BY scheduled_at, id
  LIMIT 1
  FOR UPDATE SKIP LOCKED
)
UPDATE tasks AS t
SET state = 2,
    attempt = attempt + 1,
    picked_at = statement_timestamp(),
    started_at = NULL,
    session_id = :session::bigint,
    worker_id = :worker::text,
    lease_token = nextval('lease_tokens')
WHERE t.id = ANY (ARRAY(SELECT id FROM picked))
RETURNING t.id, t.session_id, t.lease_token, t.command, t.payload, t.attempt,
          coalesce(t.max_attempts, 0::smallint) AS max_attempts, coalesce(t.timeout_ms, 0) AS timeout_ms
