-- session_old_leases: the leases of some sessions that are at least :seconds old.
-- index: tasks_held. locks: none.
-- params: :ids bigint[], :seconds float8
SELECT id, lease_token, session_id
FROM tasks
WHERE session_id = ANY (:ids::bigint[]) AND picked_at < statement_timestamp() - :seconds::float8 * interval '1 second'
