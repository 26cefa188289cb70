-- commands_forget: delete what commands take that no worker has known for as long as sessions are kept.
-- index: none, the table has a row for each command there was. locks: the deleted rows.
-- params: :epoch bigint (of the leader; another one deletes nothing)
-- A worker tells of its commands before it has a session: what was told within the hour is kept. Who tells again meanwhile
-- writes the row (commands_tell), and told_at is looked at again in what was written.
DELETE FROM commands AS c
WHERE NOT EXISTS (SELECT FROM sessions AS s WHERE c.command = ANY (s.handlers))
  AND c.told_at < statement_timestamp() - interval '1 hour'
  AND EXISTS (SELECT FROM leader WHERE epoch = :epoch::bigint AND expires_at > statement_timestamp())
