-- bench_online: how many workers are there.
-- index: sessions_uncleared. locks: none. params: none.
SELECT count(*) FROM sessions WHERE NOT cleared AND ended_at IS NULL
