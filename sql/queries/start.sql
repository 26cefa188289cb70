-- start: record that leased tasks run. Rows that come back were accepted; a second report changes nothing.
-- index: tasks_pkey; the token is checked on the row. locks: the started rows.
-- params: parallel arrays sorted by id: :ids uuid[], :tokens bigint[], :started bigint[] (microseconds before now)
WITH begun AS (
  UPDATE tasks AS t
  SET state = 3,
      started_at = greatest(t.picked_at, statement_timestamp()
                            - (SELECT :started::bigint[])[width_bucket(t.id, (SELECT :ids::uuid[]))] * interval '1 microsecond')
  WHERE t.id = ANY ((SELECT :ids::uuid[])::uuid[])
    AND t.lease_token = (SELECT :tokens::bigint[])[width_bucket(t.id, (SELECT :ids::uuid[]))]
    AND t.started_at IS NULL
  RETURNING t.id
), counted AS (
  INSERT INTO counters (pending, running) SELECT -count(*), count(*) FROM begun HAVING count(*) > 0
)
SELECT id FROM begun
