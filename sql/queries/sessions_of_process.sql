-- sessions_of_process: the live sessions of a worker process.
-- index: sessions_uncleared. locks: none.
-- params: :host text, :pid bigint, :name text
SELECT id
FROM sessions
WHERE NOT cleared AND ended_at IS NULL AND host = :host::text AND pid = :pid::bigint AND name = :name::text
