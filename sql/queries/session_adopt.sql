-- session_adopt: another coordinator takes a session over. One that expired but was not ended still has its leases.
-- index: sessions_pkey. locks: the session.
-- params: :id bigint, :worker_id text (whose session it must be), :coordinator text, :ttl float8 (seconds)
UPDATE sessions
SET coordinator = :coordinator::text,
    last_heartbeat = statement_timestamp(),
    expires_at = statement_timestamp() + :ttl::float8 * interval '1 second'
WHERE id = :id::bigint AND worker_id = :worker_id::text AND ended_at IS NULL
