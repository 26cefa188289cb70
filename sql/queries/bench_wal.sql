-- bench_wal: how much WAL this server has written, in bytes.
-- index: none. locks: none. params: none.
SELECT (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint
