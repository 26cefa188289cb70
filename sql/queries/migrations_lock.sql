-- migrations_lock: one migration at a time, until the transaction ends.
-- index: none. locks: advisory lock 4077001.
-- params: none
SELECT pg_advisory_xact_lock(4077001)
