-- enqueue_undo: take back tasks added by this transaction, because tasks with their ids have finished before.
-- index: tasks_pkey. locks: the deleted rows, which nobody else has seen.
-- params: :ids uuid[]
WITH gone AS (
  DELETE FROM tasks WHERE id = ANY (:ids::uuid[]) RETURNING id
)
INSERT INTO counters (pending) SELECT -count(*) FROM gone
