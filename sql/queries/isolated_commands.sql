-- isolated_commands: which of these commands have tasks that wait to run alone, as far as the first 1,000 of them tell.
-- index: tasks_isolated. locks: none.
-- params: :offered text[]
SELECT DISTINCT command
FROM (SELECT command FROM tasks WHERE state = 5 AND command = ANY (:offered::text[]) ORDER BY scheduled_at, id LIMIT 1000)
     AS waiting
