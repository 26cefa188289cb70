-- release: give leased tasks back unrun: ready at once, the attempt does not count. Rows that come back were accepted.
-- index: tasks_pkey; the token is checked on the row. locks: the rows themselves.
-- params: parallel arrays :ids uuid[], :tokens bigint[]
WITH held AS MATERIALIZED (
  SELECT t.id, t.state AS was
  FROM unnest(:ids::uuid[], :tokens::bigint[]) AS o (id, token) JOIN tasks AS t ON t.id = o.id AND t.lease_token = o.token
  FOR UPDATE OF t
), back AS (
  UPDATE tasks AS t
  SET state = 1,
      attempt = greatest(t.attempt - 1, 0),
      session_id = NULL, lease_token = NULL, worker_id = NULL, picked_at = NULL, started_at = NULL
  FROM held
  WHERE t.id = held.id
  RETURNING t.id, held.was
), counted AS (
  INSERT INTO counters (pending, running)
  SELECT count(*) FILTER (WHERE was = 3), -count(*) FILTER (WHERE was = 3) FROM back HAVING bool_or(was = 3)
)
SELECT id FROM back
