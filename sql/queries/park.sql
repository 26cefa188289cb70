-- park: put aside leased tasks whose command no live worker knows; `error` says so. The attempt does not count.
-- index: tasks_pkey; the token is checked on the row. locks: the rows themselves.
-- params: parallel arrays sorted by id: :ids uuid[], :tokens bigint[], :reasons text[]
UPDATE tasks AS t
SET state = 4,
    attempt = greatest(t.attempt - 1, 0),
    error = (SELECT :reasons::text[])[width_bucket(t.id, (SELECT :ids::uuid[]))],
    session_id = NULL, lease_token = NULL, worker_id = NULL, picked_at = NULL, started_at = NULL,
    progress = NULL, progress_message = NULL
WHERE t.id = ANY ((SELECT :ids::uuid[])::uuid[])
  AND t.lease_token = (SELECT :tokens::bigint[])[width_bucket(t.id, (SELECT :ids::uuid[]))]
  AND t.state = 2
RETURNING t.id
