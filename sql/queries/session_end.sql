-- session_end: end sessions; `rescue` brings their leases back. Rows that come back are the sessions that ended now.
-- index: sessions_pkey, orders_pkey. locks: the sessions.
-- params: :ids bigint[], :coordinator text (one that lost them to another ends nothing; NULL = whoever holds them, for their
--         processes are known to be gone), :reason text, :crashed boolean
-- A worker that drains, or was killed because somebody ordered it, has not crashed: no task is to blame. An order speaks of
-- the worker that had the name then, not of the one that took its place.
UPDATE sessions AS s
SET ended_at = statement_timestamp(), end_reason = :reason::text,
    crashed = :crashed::boolean AND NOT s.draining
              AND NOT EXISTS (SELECT FROM orders AS o
                              WHERE o.id > (SELECT max(id) FROM orders) - 200 AND o.kind = 'kill' AND o.worker_name = s.name
                                AND o.created_at BETWEEN s.started_at AND statement_timestamp()
                                AND o.created_at > statement_timestamp() - interval '60 seconds')
WHERE s.id = ANY (:ids::bigint[]) AND s.ended_at IS NULL
  AND (:coordinator::text IS NULL OR s.coordinator = :coordinator::text)
RETURNING s.id
