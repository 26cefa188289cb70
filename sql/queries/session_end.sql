-- session_end: end sessions and rescue their leases. Rows that come back are the rescued tasks.
-- index: sessions_pkey, tasks_held, tasks_pkey. locks: the sessions, then their tasks in the order of their ids, as finish does.
-- params: :ids bigint[], :coordinator text (one that lost them to another ends nothing), :reason text
-- A crash is counted only for tasks that had begun; the attempt never counts, for it was not the task that failed.
WITH ended AS (
  UPDATE sessions
  SET ended_at = statement_timestamp(), end_reason = :reason::text
  WHERE id = ANY (:ids::bigint[]) AND coordinator = :coordinator::text AND ended_at IS NULL
  RETURNING id
), seen AS MATERIALIZED (
  SELECT id FROM tasks WHERE session_id = ANY (ARRAY(SELECT id FROM ended))
), held AS MATERIALIZED (
  SELECT t.id, t.state AS was, t.session_id, t.worker_id
  FROM tasks AS t
  WHERE t.id = ANY (ARRAY(SELECT id FROM seen)) AND t.session_id = ANY (ARRAY(SELECT id FROM ended))
  FOR UPDATE
), back AS (
  UPDATE tasks AS t
  SET state = 1,
      attempt = greatest(t.attempt - 1, 0),
      crash_count = t.crash_count + (t.state = 3)::int,
      session_id = NULL, lease_token = NULL, worker_id = NULL, picked_at = NULL, started_at = NULL
  WHERE t.id = ANY (ARRAY(SELECT id FROM held))
), counted AS (
  INSERT INTO counters (pending, running)
  SELECT count(*), -count(*) FROM held WHERE was = 3 HAVING count(*) > 0
)
SELECT id, session_id, worker_id FROM held
