-- session_forget: delete sessions that ended more than :days days ago.
-- index: sessions_ended. locks: the deleted rows.
-- params: :epoch bigint (of the leader; another one deletes nothing), :days int
DELETE FROM sessions
WHERE ended_at < statement_timestamp() - :days::int * interval '1 day' AND cleared
  AND EXISTS (SELECT FROM leader WHERE epoch = :epoch::bigint AND expires_at > statement_timestamp())
