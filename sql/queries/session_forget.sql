-- session_forget: delete sessions that ended more than :days days ago; none that a task still has, or nobody would find it.
-- index: sessions_ended, tasks_held once per session. locks: the deleted rows.
-- params: :epoch bigint (of the leader; another one deletes nothing), :days int
DELETE FROM sessions
WHERE ended_at < statement_timestamp() - :days::int * interval '1 day' AND cleared
  AND (SELECT true FROM tasks AS t WHERE t.session_id = sessions.id LIMIT 1) IS NULL
  AND EXISTS (SELECT FROM leader WHERE epoch = :epoch::bigint AND expires_at > statement_timestamp())
