-- session_prolong: write the heartbeats of one coordinator's sessions. Rows that come back live.
-- index: sessions_pkey. locks: the sessions, in the order of their ids.
-- params: :coordinator text, :ttl float8 (seconds), parallel arrays sorted by id: :ids bigint[], :completed bigint[] and
--         :failed bigint[] (since the last pulse), :rss_bytes bigint[], :loop_lag float8[] (seconds),
--         :draining boolean[], :ages float8[] (seconds since the worker was heard), :rates float8[] (finished per second)
UPDATE sessions AS s
SET completed = s.completed + (:completed::bigint[])[width_bucket(s.id, :ids::bigint[])],
    failed = s.failed + (:failed::bigint[])[width_bucket(s.id, :ids::bigint[])],
    rss_bytes = (:rss_bytes::bigint[])[width_bucket(s.id, :ids::bigint[])],
    loop_lag = (:loop_lag::float8[])[width_bucket(s.id, :ids::bigint[])],
    rate = (:rates::float8[])[width_bucket(s.id, :ids::bigint[])],
    draining = (:draining::boolean[])[width_bucket(s.id, :ids::bigint[])],
    last_heartbeat = greatest(s.last_heartbeat, statement_timestamp()
                              - (:ages::float8[])[width_bucket(s.id, :ids::bigint[])] * interval '1 second'),
    expires_at = statement_timestamp()
                 + (:ttl::float8 - (:ages::float8[])[width_bucket(s.id, :ids::bigint[])]) * interval '1 second'
WHERE s.id = ANY (:ids::bigint[]) AND s.coordinator = :coordinator::text AND s.ended_at IS NULL
RETURNING s.id
