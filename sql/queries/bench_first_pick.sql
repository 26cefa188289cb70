-- bench_first_pick: when the first task was claimed of those that finished, in seconds since the epoch. NULL = none.
-- index: none, it reads the whole history of a database that a bench made. locks: none.
-- params: :since float8 (seconds since the epoch; earlier claims do not count)
SELECT extract(epoch FROM min(picked_at))::float8 FROM task_history WHERE picked_at >= to_timestamp(:since::float8)
