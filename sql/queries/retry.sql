-- retry: give failed tasks another attempt later. Rows that come back were accepted.
-- index: tasks_pkey; the token is checked on the row. locks: the rows themselves.
-- params: parallel arrays :ids uuid[], :tokens bigint[], :delays float8[] (seconds from now), :errors text[]
WITH outcome AS MATERIALIZED (
  SELECT * FROM unnest(:ids::uuid[], :tokens::bigint[], :delays::float8[], :errors::text[]) AS o (id, token, delay, error)
), held AS MATERIALIZED (
  SELECT t.id, t.state AS was, o.delay, o.error
  FROM outcome AS o JOIN tasks AS t ON t.id = o.id AND t.lease_token = o.token
  FOR UPDATE OF t
), again AS (
  UPDATE tasks AS t
  SET state = 0,
      scheduled_at = statement_timestamp() + held.delay * interval '1 second',
      error = held.error,
      session_id = NULL, lease_token = NULL, worker_id = NULL, picked_at = NULL, started_at = NULL
  FROM held
  WHERE t.id = held.id
  RETURNING t.id, held.was
), counted AS (
  INSERT INTO counters (pending, running)
  SELECT count(*) FILTER (WHERE was = 3), -count(*) FILTER (WHERE was = 3) FROM again HAVING bool_or(was = 3)
)
SELECT id FROM again
