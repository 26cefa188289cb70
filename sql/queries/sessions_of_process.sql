-- sessions_of_process: the live sessions of a worker process.
-- index: sessions_uncleared. locks: none.
-- params: :host text, :pid bigint (0 = not known, as of a container: by host, name and time), :name text,
--         :ago float8 (seconds since it was there: what began later is the next process in that container)
SELECT id
FROM sessions
WHERE NOT cleared AND ended_at IS NULL AND host = :host::text AND name = :name::text
  AND (pid = :pid::bigint
       OR :pid::bigint = 0 AND started_at < statement_timestamp() - :ago::float8 * interval '1 second')
