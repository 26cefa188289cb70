-- enqueue_known: the tasks that have these ids (finished ones too) or hold these unique keys.
-- index: tasks_pkey, tasks_unique_key, task_history_id of every partition. locks: none.
-- params: :ids uuid[], :unique_keys text[]
SELECT id, unique_key, command, scheduled_at, state, false AS finished
FROM tasks
WHERE id = ANY (:ids::uuid[])
UNION ALL
SELECT id, unique_key, command, scheduled_at, state, false
FROM tasks
WHERE unique_key = ANY (:unique_keys::text[])
UNION ALL
SELECT id, unique_key, command, scheduled_at, state, true
FROM task_history
WHERE id = ANY (:ids::uuid[])
