-- task_outlook: what an unfinished task waits for: whether a coordinator leads, whether its queue is paused, who offers its
--               command and has room, and how many tasks are before it. One row.
-- index: leader_pkey, paused_queues_pkey, sessions_uncleared, tasks_held once per session, tasks_ready. locks: none.
-- params: :queue text, :command text, and its place: :priority smallint, :scheduled_at timestamptz, :id uuid; :looks int (tasks
--         before it that are counted at most)
WITH live AS MATERIALIZED (
  SELECT s.id, s.slots, :command::text = ANY (s.handlers) AS offers
  FROM sessions AS s
  WHERE NOT s.cleared AND s.ended_at IS NULL AND s.expires_at > statement_timestamp() AND NOT s.draining
), offering AS MATERIALIZED (
  SELECT l.slots, (SELECT count(*) FROM tasks AS t WHERE t.session_id = l.id) AS held FROM live AS l WHERE l.offers
)
SELECT statement_timestamp() AS now,
       EXISTS (SELECT FROM leader WHERE expires_at > statement_timestamp()) AS led,
       (SELECT paused_at FROM paused_queues WHERE queue = :queue::text) AS paused_at,
       (SELECT count(*) FROM live)::int AS workers,
       (SELECT count(*) FROM offering)::int AS offering,
       (SELECT coalesce(sum(slots), 0) FROM offering)::int AS slots,
       (SELECT coalesce(sum(least(held, slots)), 0) FROM offering)::int AS busy,
       (SELECT count(*)
        FROM ((SELECT FROM tasks WHERE state = 1 AND priority > :priority::smallint LIMIT :looks::int)
              UNION ALL
              (SELECT FROM tasks
               WHERE state = 1 AND priority = :priority::smallint
                 AND (scheduled_at, id) < (:scheduled_at::timestamptz, :id::uuid)
               LIMIT :looks::int)) AS before)::int AS ahead
