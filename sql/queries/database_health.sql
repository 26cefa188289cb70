-- database_health: how PostgreSQL is doing: the oldest transaction, dead rows, connections, size, and the settings that a
--                  promise hangs on. One row.
-- index: none, it asks the server's own statistics. locks: none.
-- params: none
-- Of what other users do, members of pg_read_all_stats alone are told more than that they are there. A transaction in
-- another database keeps VACUUM from nothing here; one that was prepared does as much as one that is open.
WITH open AS MATERIALIZED (
  SELECT pid, application_name, state, xact_start AS began
  FROM pg_stat_activity
  WHERE xact_start IS NOT NULL AND backend_type = 'client backend' AND pid <> pg_backend_pid()
    AND datname = current_database()
  UNION ALL
  SELECT NULL, 'prepared transaction ' || gid, 'prepared', prepared FROM pg_prepared_xacts WHERE database = current_database()
), oldest AS MATERIALIZED (
  SELECT * FROM open ORDER BY began LIMIT 1
), tables AS MATERIALIZED (
  SELECT sum(n_live_tup)::bigint AS live, sum(n_dead_tup)::bigint AS dead FROM pg_stat_user_tables WHERE relid = 'tasks'::regclass
)
SELECT current_setting('server_version_num')::int AS version,
       (SELECT greatest(0, extract(epoch FROM clock_timestamp() - began)) FROM oldest)::float8 AS oldest_seconds,
       (SELECT pid FROM oldest) AS oldest_pid,
       (SELECT application_name FROM oldest) AS oldest_application,
       (SELECT state FROM oldest) AS oldest_state,
       (SELECT coalesce(live, 0) FROM tables) AS live_tuples,
       (SELECT coalesce(dead, 0) FROM tables) AS dead_tuples,
       (SELECT count(*)
        FROM pg_stat_activity
        WHERE backend_type = 'client backend'
           OR (backend_type IS NULL AND datid IS NOT NULL AND usesysid IS NOT NULL))::int AS connections,
       current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
         - coalesce(current_setting('reserved_connections', true), '0')::int AS connections_max,
       pg_database_size(current_database()) AS size_bytes,
       current_setting('fsync') = 'on' AS fsync,
       current_setting('autovacuum') = 'on' AS autovacuum,
       pg_is_in_recovery() AS standby
