-- task_states: the states of tasks by their ids, unfinished and finished, in no order; one snapshot over both tables.
-- index: tasks_pkey, task_history_id of every partition. locks: none.
-- params: :ids uuid[]
SELECT id, state, command, worker_id FROM tasks WHERE id = ANY (:ids::uuid[])
UNION ALL
SELECT id, state, command, worker_id FROM task_history WHERE id = ANY (:ids::uuid[])
