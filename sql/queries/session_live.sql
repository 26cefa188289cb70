-- session_live: the sessions that have not ended, with the leases they hold.
-- index: sessions_uncleared, then tasks_held once per session. locks: none.
-- params: :name text (NULL = all)
SELECT s.id, s.worker_id, s.name, s.address, s.coordinator, s.slots, s.streaming, s.draining, s.handlers, s.completed,
       s.failed, s.rss_bytes, s.loop_lag, s.started_at, s.last_heartbeat, held.running,
       coalesce(held.ids[1:50], '{}') AS current_task_ids
FROM sessions AS s,
     LATERAL (SELECT count(*) AS running, array_agg(t.id ORDER BY t.state DESC, t.id) AS ids
              FROM tasks AS t
              WHERE t.session_id = s.id) AS held
WHERE NOT s.cleared AND s.ended_at IS NULL AND (:name::text IS NULL OR s.name = :name::text)
ORDER BY s.name, s.id DESC
