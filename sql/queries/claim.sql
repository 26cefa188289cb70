-- claim: lease the next ready tasks, row i to slot i. One statement serves any number of workers and coordinators.
-- index: tasks_ready (in order, no sort), then tasks_pkey. locks: the picked rows, skipping those others hold.
-- params: :slots smallint[] (1-based index into the next two, one per free slot in dispatch order),
--         :sessions bigint[], :workers text[], :others text[] (commands that only workers outside this call know)
-- rows by number and arrays by subscript, not a join: a join on row numbers is a nested loop under pinned plans
WITH picked AS MATERIALIZED (
  SELECT id
  FROM tasks
  WHERE state = 1 AND NOT (command = ANY (:others::text[]))
  ORDER BY priority DESC, scheduled_at, id
  LIMIT cardinality(:slots::smallint[])
  FOR UPDATE SKIP LOCKED
), numbered AS MATERIALIZED (
  SELECT id, row_number() OVER () AS n FROM picked
), fence AS MATERIALIZED (
  SELECT nextval('lease_tokens') AS token
)
UPDATE tasks AS t
SET state = 2,
    attempt = attempt + 1,
    picked_at = statement_timestamp(),
    started_at = NULL,
    session_id = (:sessions::bigint[])[(:slots::smallint[])[n]],
    worker_id = (:workers::text[])[(:slots::smallint[])[n]],
    lease_token = fence.token
FROM numbered, fence
WHERE t.id = numbered.id
RETURNING t.id, t.session_id, t.lease_token, t.command, t.payload::text AS payload, t.attempt, t.max_attempts, t.timeout_ms
