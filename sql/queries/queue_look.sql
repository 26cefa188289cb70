-- queue_look: how many tasks of each queue are in each state, among the first :looks of each state, and among as many of
--             the finished ones that were due last (state 10 for all of them).
-- index: tasks_due, tasks_ready, tasks_held, tasks_put_aside, tasks_isolated, task_history_listed. locks: none.
-- params: :looks int
SELECT queue, state, count(*)::int AS tasks
FROM ((SELECT queue, state FROM tasks WHERE state = 0 ORDER BY scheduled_at, id LIMIT :looks::int)
      UNION ALL
      (SELECT queue, state FROM tasks WHERE state = 1 ORDER BY priority DESC, scheduled_at, id LIMIT :looks::int)
      UNION ALL
      (SELECT queue, state FROM tasks WHERE session_id IS NOT NULL LIMIT :looks::int)
      UNION ALL
      (SELECT queue, state FROM tasks WHERE state IN (4, 6) ORDER BY scheduled_at, id LIMIT :looks::int)
      UNION ALL
      (SELECT queue, state FROM tasks WHERE state = 5 ORDER BY scheduled_at, id LIMIT :looks::int)
      UNION ALL
      (SELECT queue, 10::smallint FROM task_history ORDER BY scheduled_at DESC, id DESC LIMIT :looks::int / 10)) AS looked
GROUP BY queue, state
ORDER BY queue, state
