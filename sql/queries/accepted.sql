-- accepted: which outcomes are written already: asked when the answer to a COMMIT was lost.
-- index: task_history_id, tasks_pkey. locks: none.
-- params: parallel arrays :ids uuid[], :tokens bigint[]
SELECT h.id
FROM unnest(:ids::uuid[], :tokens::bigint[]) AS o (id, token)
JOIN task_history AS h ON h.id = o.id
WHERE h.lease_token = o.token OR is_told(h.attempts, o.token)
UNION
SELECT t.id
FROM unnest(:ids::uuid[], :tokens::bigint[]) AS o (id, token)
JOIN tasks AS t ON t.id = o.id
WHERE is_told(t.attempts, o.token)
