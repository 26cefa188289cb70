-- tasks_beginning: the ids of tasks that begin as somebody has typed, unfinished and finished, in their order.
-- index: tasks_pkey, task_history_id of every partition. locks: none.
-- params: :first uuid, :last uuid (the range that this is), :most int
(SELECT id FROM tasks WHERE id BETWEEN :first::uuid AND :last::uuid ORDER BY id LIMIT :most::int)
UNION
(SELECT id FROM task_history WHERE id BETWEEN :first::uuid AND :last::uuid ORDER BY id LIMIT :most::int)
ORDER BY id
LIMIT :most::int
