-- still_held: which of these leases hold.
-- index: tasks_pkey. locks: none.
-- params: parallel arrays sorted by id: :ids uuid[], :tokens bigint[]
SELECT t.id
FROM tasks AS t
WHERE t.id = ANY ((SELECT :ids::uuid[])::uuid[])
  AND t.lease_token = (SELECT :tokens::bigint[])[width_bucket(t.id, (SELECT :ids::uuid[]))]
