-- history_ensure_partitions: make the missing partitions of task_history; see the function in sql/migrations.
-- index: none. locks: task_history in SHARE UPDATE EXCLUSIVE mode (finishing goes on), task_history_other exclusively.
-- params: :days_ahead int
SELECT ensure_history_partitions(:days_ahead::int)
