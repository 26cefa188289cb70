-- retry: give failed tasks another attempt later, and keep how this one failed. Rows that come back were accepted.
-- index: tasks_pkey; the token is checked on the row. locks: the rows themselves.
-- params: parallel arrays sorted by id: :ids uuid[], :tokens bigint[], :delays float8[] (seconds from now), :errors text[]
WITH held AS MATERIALIZED (
  SELECT t.id, t.state AS was
  FROM tasks AS t
  WHERE t.id = ANY ((SELECT :ids::uuid[])::uuid[])
    AND t.lease_token = (SELECT :tokens::bigint[])[width_bucket(t.id, (SELECT :ids::uuid[]))]
  FOR UPDATE
), again AS (
  UPDATE tasks AS t
  SET state = 0,
      scheduled_at = statement_timestamp() + (SELECT :delays::float8[])[width_bucket(t.id, (SELECT :ids::uuid[]))] * interval '1 second',
      attempts = with_attempt(t.attempts, t.attempt, t.worker_id, t.lease_token, 'failed',
                              (SELECT :errors::text[])[width_bucket(t.id, (SELECT :ids::uuid[]))]),
      error = (SELECT :errors::text[])[width_bucket(t.id, (SELECT :ids::uuid[]))],
      session_id = NULL, lease_token = NULL, worker_id = NULL, picked_at = NULL, started_at = NULL,
      progress = NULL, progress_message = NULL
  WHERE t.id = ANY (ARRAY(SELECT id FROM held))
  RETURNING t.id
), counted AS (
  INSERT INTO counters (pending, running, retried)
  SELECT count(*) FILTER (WHERE was = 3), -count(*) FILTER (WHERE was = 3), count(*) FROM held HAVING count(*) > 0
)
SELECT id FROM again
