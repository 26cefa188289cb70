-- bench_backends: the processes of this server that work for the database of the bench, and those that work for all.
-- index: none. locks: none. params: none.
SELECT pid FROM pg_stat_activity WHERE datname = current_database() OR datname IS NULL
