-- session_live: the sessions that have not ended, with the leases they hold.
-- index: sessions_uncleared, then tasks_held once per session. locks: none.
-- params: :name text (NULL = all)
SELECT s.id, s.worker_id, s.name, s.address, s.coordinator, s.slots, s.streaming, s.draining, s.handlers, s.completed,
       s.failed, s.rss_bytes, s.loop_lag, s.started_at, s.last_heartbeat, s.rate, held.running,
       coalesce(first.ids, '{}') AS current_task_ids, coalesce(first.commands, '{}') AS current_commands,
       coalesce(first.states, '{}') AS current_states, coalesce(first.started, '{}') AS current_started
FROM sessions AS s,
     LATERAL (SELECT count(*) AS running FROM tasks AS t WHERE t.session_id = s.id) AS held,
     LATERAL (SELECT array_agg(id) AS ids, array_agg(command) AS commands, array_agg(state) AS states,
                     array_agg(started_at) AS started
              FROM (SELECT t.id, t.command, t.state, t.started_at
                    FROM tasks AS t
                    WHERE t.session_id = s.id
                    ORDER BY t.state DESC, t.id
                    LIMIT 50) AS current) AS first
WHERE NOT s.cleared AND s.ended_at IS NULL AND (:name::text IS NULL OR s.name = :name::text)
ORDER BY s.name, s.id DESC
