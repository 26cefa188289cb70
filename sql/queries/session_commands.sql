-- session_commands: every command that a live worker knows which takes tasks.
-- index: sessions_uncleared. locks: none.
-- params: none
SELECT DISTINCT unnest(handlers)
FROM sessions
WHERE NOT cleared AND ended_at IS NULL AND expires_at > statement_timestamp() AND NOT draining
