-- queue_put_aside: put ready tasks of paused queues aside, looking at the next :looks entries in the order of claims, and at
--                  all that are to run alone when that is the beginning. One row comes back: whether the leader asked, how
--                  many were put aside, how many were looked at, and the place of the last of these.
-- index: tasks_ready (from the place on, in order), tasks_isolated, tasks_pkey, paused_queues. locks: the rows that are put
--        aside, skipping those others hold.
-- params: :epoch bigint (of the leader; another one puts nothing aside), :looks int, and the place to go on from, the last
--         that was looked at: :priority smallint (101 = the beginning), :after_at timestamptz, :after_id uuid
-- `state + 0`: with `state = 1` the planner may take tasks_ready for small, and look for the ids all along it.
WITH led AS MATERIALIZED (
  SELECT true AS led FROM leader WHERE epoch = :epoch::bigint AND expires_at > statement_timestamp()
), names AS MATERIALIZED (
  SELECT array_agg(queue) AS paused FROM paused_queues WHERE (SELECT led FROM led)
), looked AS MATERIALIZED (
  SELECT *
  FROM ((SELECT id, priority, scheduled_at, queue
         FROM tasks
         WHERE state = 1 AND priority = :priority::smallint AND (scheduled_at, id) > (:after_at::timestamptz, :after_id::uuid)
         ORDER BY scheduled_at, id
         LIMIT :looks::int)
        UNION ALL
        (SELECT id, priority, scheduled_at, queue
         FROM tasks
         WHERE state = 1 AND priority < :priority::smallint
         ORDER BY priority DESC, scheduled_at, id
         LIMIT :looks::int)) AS onward
  WHERE (SELECT paused FROM names) IS NOT NULL
  LIMIT :looks::int
), meant AS MATERIALIZED (
  SELECT id
  FROM tasks
  WHERE id = ANY (ARRAY(SELECT id FROM looked WHERE queue = ANY ((SELECT paused FROM names)::text[])))
    AND state + 0 = 1
  FOR UPDATE SKIP LOCKED
), alone AS MATERIALIZED (
  SELECT id
  FROM tasks
  WHERE state = 5 AND :priority::smallint > 100 AND queue = ANY ((SELECT paused FROM names)::text[])
  FOR UPDATE SKIP LOCKED
), aside AS (
  UPDATE tasks SET state = 6
  WHERE id = ANY (ARRAY(SELECT id FROM meant UNION ALL SELECT id FROM alone))
  RETURNING id
)
SELECT EXISTS (SELECT FROM led) AS led, (SELECT count(*) FROM aside)::int AS aside, count(*)::int AS looked,
       min(priority) AS priority,
       (SELECT scheduled_at FROM looked ORDER BY priority, scheduled_at DESC, id DESC LIMIT 1) AS last_at,
       (SELECT id FROM looked ORDER BY priority, scheduled_at DESC, id DESC LIMIT 1) AS last_id
FROM looked
