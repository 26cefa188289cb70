-- progress: note how far running tasks are. Rows that come back were accepted.
-- index: tasks_pkey; the token is checked on the row. locks: the rows themselves.
-- params: parallel arrays sorted by id: :ids uuid[], :tokens bigint[], :fractions float4[] (0 to 1), :messages text[]
UPDATE tasks AS t
SET progress = (SELECT :fractions::float4[])[width_bucket(t.id, (SELECT :ids::uuid[]))],
    progress_message = (SELECT :messages::text[])[width_bucket(t.id, (SELECT :ids::uuid[]))]
WHERE t.id = ANY ((SELECT :ids::uuid[])::uuid[])
  AND t.lease_token = (SELECT :tokens::bigint[])[width_bucket(t.id, (SELECT :ids::uuid[]))]
RETURNING t.id
