-- history_prune: drop partitions that ended more than :days days ago; see the function in sql/migrations.
-- index: none. locks: task_history and the old partitions exclusively, for the moment of the drop; waits 200 ms at most.
-- params: :epoch bigint (of the leader; another one drops nothing), :days int
SELECT prune_history(:epoch::bigint, :days::int)
