-- start: record that leased tasks run. Rows that come back were accepted; a second report changes nothing.
-- index: tasks_pkey; the token is checked on the row. locks: the started rows.
-- params: parallel arrays :ids uuid[], :tokens bigint[], :started bigint[] (microseconds before now)
WITH begun AS (
  UPDATE tasks AS t
  SET state = 3,
      started_at = greatest(t.picked_at, statement_timestamp() - o.started * interval '1 microsecond')
  FROM unnest(:ids::uuid[], :tokens::bigint[], :started::bigint[]) AS o (id, token, started)
  WHERE t.id = o.id AND t.lease_token = o.token AND t.started_at IS NULL
  RETURNING t.id
), counted AS (
  INSERT INTO counters (pending, running) SELECT -count(*), count(*) FROM begun HAVING count(*) > 0
)
SELECT id FROM begun
