-- enqueue_known: the tasks that have finished under these ids, and the unfinished ones that kept others from being added,
--                by their id or by the unique key that they hold.
-- index: tasks_pkey, tasks_unique_key, task_history_id of every partition. locks: none.
-- params: :ids uuid[], :kept_out uuid[], :unique_keys text[]
SELECT id, unique_key, command, scheduled_at, state, false AS finished
FROM tasks
WHERE id = ANY (:kept_out::uuid[])
UNION ALL
SELECT id, unique_key, command, scheduled_at, state, false
FROM tasks
WHERE unique_key = ANY (:unique_keys::text[])
UNION ALL
SELECT id, unique_key, command, scheduled_at, state, true
FROM task_history
WHERE id = ANY (:ids::uuid[])
