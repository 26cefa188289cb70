-- bench_server: what a figure must be read with: version and the settings that durability and speed hang on.
-- index: none. locks: none. params: none.
SELECT name, setting || coalesce(unit, '') AS value
FROM pg_settings
WHERE name IN ('server_version', 'fsync', 'synchronous_commit', 'full_page_writes', 'wal_compression', 'wal_level',
               'shared_buffers', 'max_wal_size', 'checkpoint_timeout', 'autovacuum', 'wal_init_zero')
ORDER BY name
