-- claim_onward: claim, beginning where the claims before it ended. The last task of each priority comes back with its
--               priority and its scheduled_at.
-- index: tasks_ready (from the floors on, in order, no sort), then tasks_pkey; paused_queues_pkey, once. locks: the picked
--        rows, skipping those others hold.
-- params: :slots smallint[], :sessions bigint[], :workers text[], :others text[] (see claim), and the floors, highest
--         first, as parallel arrays: :priorities smallint[], :floors_at timestamptz[] and :floors_id uuid[] (the last task
--         that was claimed with this priority), :below smallint[] (the next lower priority that has a floor)
-- A claimed task leaves a dead entry in tasks_ready, which stays while any transaction of the server is older: claims
-- from the beginning walk over all of them. Here each priority is looked through from its floor on, then what is between it
-- and the next; LATERAL takes the floors one after the other and stops when there is enough. store/floors.py tells when,
-- and who finds what became ready below a floor. What commits late: floors stay half a second behind the clock.
WITH names AS MATERIALIZED (
  SELECT coalesce(array_agg(queue), '{}') AS paused FROM paused_queues
), picked AS MATERIALIZED (
  SELECT ready.id, ready.priority
  FROM unnest(:priorities::smallint[], :floors_at::timestamptz[], :floors_id::uuid[], :below::smallint[])
         AS f (priority, scheduled_at, id, below),
       LATERAL (SELECT *
                FROM (SELECT t.id, t.priority
                      FROM tasks AS t
                      WHERE t.state = 1 AND t.priority = f.priority
                        AND (t.scheduled_at, t.id)
                            >= (least(f.scheduled_at, statement_timestamp() - interval '500 milliseconds'), f.id)
                        AND NOT (t.command = ANY (:others::text[]))
                        AND NOT (t.queue = ANY ((SELECT paused FROM names)::text[]))
                      ORDER BY t.scheduled_at, t.id
                      LIMIT cardinality(:slots::smallint[])
                      FOR UPDATE SKIP LOCKED) AS from_floor
                UNION ALL
                SELECT *
                FROM (SELECT t.id, t.priority
                      FROM tasks AS t
                      WHERE t.state = 1 AND t.priority < f.priority AND t.priority > f.below
                        AND NOT (t.command = ANY (:others::text[]))
                        AND NOT (t.queue = ANY ((SELECT paused FROM names)::text[]))
                      ORDER BY t.priority DESC, t.scheduled_at, t.id
                      LIMIT cardinality(:slots::smallint[])
                      FOR UPDATE SKIP LOCKED) AS without_floor) AS ready
  LIMIT cardinality(:slots::smallint[])
), numbered AS MATERIALIZED (
  SELECT id, row_number() OVER () AS n, lead(priority) OVER () IS DISTINCT FROM priority AS last FROM picked
), sorted AS MATERIALIZED (
  SELECT array_agg(id ORDER BY id) AS ids, array_agg((SELECT :slots::smallint[])[n] ORDER BY id) AS slots,
         array_agg(id) FILTER (WHERE last) AS lasts, nextval('lease_tokens') AS token
  FROM numbered
)
UPDATE tasks AS t
SET state = 2,
    attempt = attempt + 1,
    picked_at = statement_timestamp(),
    started_at = NULL,
    session_id = (SELECT :sessions::bigint[])[(SELECT slots FROM sorted)[width_bucket(t.id, (SELECT ids FROM sorted))]],
    worker_id = (SELECT :workers::text[])[(SELECT slots FROM sorted)[width_bucket(t.id, (SELECT ids FROM sorted))]],
    lease_token = (SELECT token FROM sorted)
WHERE t.id = ANY ((SELECT ids FROM sorted)::uuid[])
RETURNING t.id, t.session_id, t.lease_token, t.command, t.payload, t.attempt,
          coalesce(t.max_attempts, 0::smallint) AS max_attempts, coalesce(t.timeout_ms, 0) AS timeout_ms,
          CASE WHEN t.id = ANY ((SELECT lasts FROM sorted)::uuid[]) THEN t.priority END AS reached,
          CASE WHEN t.id = ANY ((SELECT lasts FROM sorted)::uuid[]) THEN t.scheduled_at END AS reached_at
