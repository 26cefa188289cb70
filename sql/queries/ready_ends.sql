-- ready_ends: the priorities that ready tasks have, the default one in any case, and the present moment, which is behind
--             what is ready now. For claims that find little but what only others may have (store/floors.py).
-- index: tasks_ready, one descent for each priority. locks: none.
-- params: none
WITH RECURSIVE ready AS (
  (SELECT priority FROM tasks WHERE state = 1 ORDER BY priority DESC LIMIT 1)
  UNION ALL
  SELECT (SELECT t.priority FROM tasks AS t
          WHERE t.state = 1 AND t.priority < ready.priority
          ORDER BY t.priority DESC
          LIMIT 1)
  FROM ready
  WHERE ready.priority IS NOT NULL
)
SELECT priority, statement_timestamp() AS now
FROM (SELECT priority FROM ready WHERE priority IS NOT NULL UNION SELECT 0::smallint) AS known
