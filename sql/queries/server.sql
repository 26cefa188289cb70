-- server: which PostgreSQL this is, as it numbers itself (180001 is 18.1), and what its clock says.
-- index: none. locks: none. params: none.
SELECT current_setting('server_version_num')::int AS version, clock_timestamp() AS now
