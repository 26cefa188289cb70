-- release: give leased tasks back unrun: ready at once, the attempt does not count. Rows that come back were accepted.
-- index: tasks_pkey; the token is checked on the row. locks: the rows themselves.
-- params: parallel arrays sorted by id: :ids uuid[], :tokens bigint[]
WITH held AS MATERIALIZED (
  SELECT t.id, t.state AS was
  FROM tasks AS t
  WHERE t.id = ANY ((SELECT :ids::uuid[])::uuid[])
    AND t.lease_token = (SELECT :tokens::bigint[])[width_bucket(t.id, (SELECT :ids::uuid[]))]
  FOR UPDATE
), back AS (
  UPDATE tasks AS t
  SET state = ready_state(t.crash_count, t.queue, (SELECT array_agg(queue) FROM paused_queues)),
      attempt = greatest(t.attempt - 1, 0),
      session_id = NULL, lease_token = NULL, worker_id = NULL, picked_at = NULL, started_at = NULL,
      progress = NULL, progress_message = NULL
  WHERE t.id = ANY (ARRAY(SELECT id FROM held))
  RETURNING t.id
), counted AS (
  INSERT INTO counters (pending, running)
  SELECT count(*), -count(*) FROM held WHERE was = 3 HAVING count(*) > 0
)
SELECT id FROM back
