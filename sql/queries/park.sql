-- park: put aside leased tasks whose command no live worker knows; `error` says so. The attempt does not count.
-- index: tasks_pkey; the token is checked on the row. locks: the rows themselves.
-- params: parallel arrays :ids uuid[], :tokens bigint[], :reasons text[]
UPDATE tasks AS t
SET state = 4,
    attempt = greatest(t.attempt - 1, 0),
    error = o.reason,
    session_id = NULL, lease_token = NULL, worker_id = NULL, picked_at = NULL, started_at = NULL
FROM unnest(:ids::uuid[], :tokens::bigint[], :reasons::text[]) AS o (id, token, reason)
WHERE t.id = o.id AND t.lease_token = o.token AND t.state = 2
RETURNING t.id
