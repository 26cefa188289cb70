-- session_leases: the leases that hang on a session.
-- index: tasks_held. locks: none.
-- params: :id bigint
SELECT id, lease_token, command, attempt, max_attempts, state, ready_state(crash_count) = 5 AS alone
FROM tasks
WHERE session_id = :id::bigint AND state IN (2, 3)
ORDER BY id
