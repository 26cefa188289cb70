-- accepted: which outcomes are written already: asked when the answer to a COMMIT was lost.
-- index: task_history_id of every partition, tasks_pkey. locks: none.
-- params: parallel arrays :ids uuid[], :tokens bigint[]
-- Not is_told: an outcome that was refused, and noted as stale, was not accepted.
SELECT o.id
FROM unnest(:ids::uuid[], :tokens::bigint[]) AS o (id, token),
     LATERAL (SELECT h.lease_token, h.attempts FROM task_history AS h WHERE h.id = o.id
              UNION ALL
              SELECT NULL, t.attempts FROM tasks AS t WHERE t.id = o.id) AS found
WHERE found.lease_token = o.token
   OR jsonb_path_exists(found.attempts, '$[*] ? (@.token == $token && (@.outcome == "failed" || @.outcome == "dead"))',
                        jsonb_build_object('token', o.token))
