-- bench_span: how long the tasks of a bench took from the first claim to the last finish.
-- index: none, it reads the whole history of a database that a bench made. locks: none. params: none.
SELECT count(*) AS tasks, extract(epoch FROM max(finished_at) - min(picked_at))::float8 AS seconds FROM task_history
