-- Who looks after history waits for nobody for long, and nobody for him: a long reader of history (a backup, a forgotten
-- psql) made the historian wait with the leader's row locked, so that nobody led meanwhile, and whoever finished a task or
-- read history waited behind him. What could not be had is tried again a minute later.

-- No lock on the leader's row: making what is there already, and dropping what is gone, harms nobody.
-- `leader_epoch` NULL: not a leader's doing but the migration's, which waits as long as it takes.
CREATE OR REPLACE FUNCTION ensure_history_partitions(leader_epoch bigint, days_ahead integer) RETURNS SETOF text
LANGUAGE plpgsql SET timezone = 'UTC' SET lock_timeout = 0 AS $$
DECLARE
  day date;
  part text;
BEGIN
  PERFORM pg_advisory_xact_lock(4077002);
  IF leader_epoch IS NOT NULL THEN
    PERFORM FROM leader WHERE epoch = leader_epoch AND expires_at > statement_timestamp();
    IF NOT FOUND THEN
      RETURN;
    END IF;
    PERFORM set_config('lock_timeout', '200ms', true);
  END IF;
  -- An array, not a loop over the query: an open cursor would keep the tables in use.
  FOREACH day IN ARRAY ARRAY(
    SELECT current_date + n FROM generate_series(0, days_ahead) AS n
    UNION SELECT DISTINCT finished_at::date FROM task_history_other
    ORDER BY 1)
  LOOP
    part := 'task_history_p' || to_char(day, 'YYYYMMDD');
    CONTINUE WHEN to_regclass(part) IS NOT NULL;
    EXECUTE format('CREATE TABLE %I (LIKE task_history INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES)', part);
    LOCK TABLE task_history_other IN ACCESS EXCLUSIVE MODE;
    EXECUTE format('WITH moved AS (DELETE FROM task_history_other WHERE finished_at >= %1$L AND finished_at < %2$L RETURNING *)
                    INSERT INTO %3$I SELECT * FROM moved', day::timestamptz, (day + 1)::timestamptz, part);
    EXECUTE format('ALTER TABLE task_history ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                   part, day::timestamptz, (day + 1)::timestamptz);
    RETURN NEXT part;
  END LOOP;
END $$;

CREATE OR REPLACE FUNCTION prune_history(leader_epoch bigint, days integer) RETURNS SETOF text
LANGUAGE plpgsql SET timezone = 'UTC' SET lock_timeout = 0 AS $$
DECLARE
  part text;
BEGIN
  PERFORM pg_advisory_xact_lock(4077002);
  PERFORM FROM leader WHERE epoch = leader_epoch AND expires_at > statement_timestamp();
  IF NOT FOUND THEN
    RETURN;
  END IF;
  PERFORM set_config('lock_timeout', '200ms', true);
  FOR part IN
    SELECT c.relname FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'task_history'::regclass AND c.relname ~ '^task_history_p[0-9]{8}$'
      AND to_date(right(c.relname, 8), 'YYYYMMDD') < current_date - days
    ORDER BY 1
  LOOP
    EXECUTE format('DROP TABLE %I', part);
    RETURN NEXT part;
  END LOOP;
END $$;
