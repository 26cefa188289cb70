-- note_stale: keep with their tasks that outcomes came too late and were refused, and count them. Rows that come back were
--             noted; a repetition of what is known already is not among them.
-- index: tasks_pkey, task_history_id of every partition. locks: the rows themselves.
-- params: parallel arrays sorted by id: :ids uuid[], :tokens bigint[], :workers text[], :notes text[]
WITH waiting AS (
  UPDATE tasks AS t
  SET attempts = with_attempt(t.attempts, NULL, (SELECT :workers::text[])[width_bucket(t.id, (SELECT :ids::uuid[]))],
                              (SELECT :tokens::bigint[])[width_bucket(t.id, (SELECT :ids::uuid[]))], 'stale',
                              (SELECT :notes::text[])[width_bucket(t.id, (SELECT :ids::uuid[]))])
  WHERE t.id = ANY ((SELECT :ids::uuid[])::uuid[])
    AND t.lease_token IS DISTINCT FROM (SELECT :tokens::bigint[])[width_bucket(t.id, (SELECT :ids::uuid[]))]
    AND NOT is_told(t.attempts, (SELECT :tokens::bigint[])[width_bucket(t.id, (SELECT :ids::uuid[]))])
  RETURNING t.id
), finished AS (
  UPDATE task_history AS h
  SET attempts = with_attempt(h.attempts, NULL, (SELECT :workers::text[])[width_bucket(h.id, (SELECT :ids::uuid[]))],
                              (SELECT :tokens::bigint[])[width_bucket(h.id, (SELECT :ids::uuid[]))], 'stale',
                              (SELECT :notes::text[])[width_bucket(h.id, (SELECT :ids::uuid[]))])
  WHERE h.id = ANY ((SELECT :ids::uuid[])::uuid[])
    AND h.lease_token IS DISTINCT FROM (SELECT :tokens::bigint[])[width_bucket(h.id, (SELECT :ids::uuid[]))]
    AND NOT is_told(h.attempts, (SELECT :tokens::bigint[])[width_bucket(h.id, (SELECT :ids::uuid[]))])
  RETURNING h.id
), noted AS (
  SELECT id FROM waiting UNION ALL SELECT id FROM finished
), counted AS (
  INSERT INTO counters (stale) SELECT count(*) FROM noted HAVING count(*) > 0
)
SELECT id FROM noted
