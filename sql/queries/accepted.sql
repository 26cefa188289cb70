-- accepted: which outcomes are in history already: asked when the answer to a COMMIT was lost.
-- index: task_history_id. locks: none.
-- params: parallel arrays :ids uuid[], :tokens bigint[]
SELECT h.id
FROM unnest(:ids::uuid[], :tokens::bigint[]) AS o (id, token)
JOIN task_history AS h ON h.id = o.id AND h.lease_token = o.token
