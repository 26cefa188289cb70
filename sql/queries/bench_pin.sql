-- bench_pin: the snapshot that a transaction keeps from here on. As long as it lasts nobody may clean up after it.
-- index: none. locks: none. params: none.
SELECT pg_current_snapshot()::text
