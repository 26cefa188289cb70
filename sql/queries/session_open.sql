-- session_open: a worker process begins.
-- index: sessions_worker_id refuses a second session of the same life. locks: the new row.
-- params: :worker_id text, :name text, :address text, :coordinator text, :slots int, :streaming boolean,
--         :handlers text[], :host text, :pid bigint, :ttl float8 (seconds)
INSERT INTO sessions (worker_id, name, address, coordinator, slots, streaming, handlers, host, pid, expires_at)
VALUES (:worker_id::text, :name::text, :address::text, :coordinator::text, :slots::int, :streaming::boolean,
        :handlers::text[], :host::text, :pid::bigint, statement_timestamp() + :ttl::float8 * interval '1 second')
RETURNING id
