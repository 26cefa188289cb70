-- session_sweep: look again at cleared sessions that hold a task all the same; session_end_expired names them from now on.
-- index: sessions_ended, tasks_held once per session. locks: these sessions.
-- params: :epoch bigint (of the leader; another one changes nothing)
-- There should be none: a coordinator gives nothing to a session that it could not prolong. But a COMMIT may have waited
-- for a standby, or a coordinator been frozen between choosing the session and claiming for it.
UPDATE sessions
SET cleared = false
WHERE cleared AND (SELECT true FROM tasks AS t WHERE t.session_id = sessions.id LIMIT 1)
  AND EXISTS (SELECT FROM leader WHERE epoch = :epoch::bigint AND expires_at > statement_timestamp())
