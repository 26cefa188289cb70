-- isolated_commands: which of these commands have tasks that wait to run alone, as far as the first 1,000 of them tell.
-- index: tasks_isolated, paused_queues_pkey. locks: none.
-- params: :offered text[]
SELECT DISTINCT command
FROM (SELECT command
      FROM tasks
      WHERE state = 5 AND command = ANY (:offered::text[])
        AND NOT (queue = ANY ((SELECT coalesce(array_agg(queue), '{}') FROM paused_queues)::text[]))
      ORDER BY scheduled_at, id
      LIMIT 1000) AS waiting
