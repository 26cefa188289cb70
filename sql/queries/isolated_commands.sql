-- isolated_commands: the commands of the tasks that wait to run alone, as far as the first 1,000 of them tell.
-- index: tasks_isolated. locks: none.
-- params: none
SELECT DISTINCT command FROM (SELECT command FROM tasks WHERE state = 5 ORDER BY scheduled_at, id LIMIT 1000) AS waiting
