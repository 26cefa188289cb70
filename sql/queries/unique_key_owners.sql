-- unique_key_owners: the live tasks that hold the unique keys of ended ones.
-- index: task_history_id of every partition, tasks_unique_key. locks: none.
-- params: :ids uuid[] (of the ended ones)
SELECT h.id, t.id AS live
FROM task_history AS h
JOIN tasks AS t ON t.unique_key = h.unique_key
WHERE h.id = ANY (:ids::uuid[]) AND h.unique_key IS NOT NULL
