-- history_ensure_partitions: make the missing partitions of task_history; see the function in sql/migrations.
-- index: none. locks: task_history in SHARE UPDATE EXCLUSIVE mode (finishing goes on), task_history_other exclusively.
-- params: :epoch bigint (of the leader; another one makes nothing; NULL = the migration), :days_ahead int
SELECT ensure_history_partitions(:epoch::bigint, :days_ahead::int)
