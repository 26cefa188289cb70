-- unpark: make parked tasks ready whose command a live worker knows by now, at most :most of them.
-- index: tasks_parked per offered command, sessions_live. locks: the rows themselves, skipping those others hold.
-- params: :most int
WITH offered AS MATERIALIZED (
  SELECT DISTINCT unnest(handlers) AS command
  FROM sessions
  WHERE ended_at IS NULL AND expires_at > statement_timestamp() AND NOT draining
), parked AS MATERIALIZED (
  SELECT t.id FROM offered JOIN tasks AS t ON t.state = 4 AND t.command = offered.command
  LIMIT :most::int
  FOR UPDATE OF t SKIP LOCKED
)
UPDATE tasks AS t SET state = 1, error = NULL FROM parked WHERE t.id = parked.id
RETURNING t.id
