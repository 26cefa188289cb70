-- What the dashboard shows and steers: queues that can be paused, what commands take, a day of figures, orders to drain.

-- A paused queue is a row here. Its tasks that are ready are put aside as state 6, where no claim walks over them; the
-- statements that make tasks ready look here once each (ready_state below).
CREATE TABLE paused_queues (
  queue      text        NOT NULL,
  paused_at  timestamptz NOT NULL DEFAULT statement_timestamp(),
  CONSTRAINT paused_queues_pkey PRIMARY KEY (queue)
);

ALTER TABLE tasks DROP CONSTRAINT tasks_state;
ALTER TABLE tasks ADD CONSTRAINT tasks_state CHECK (state BETWEEN 0 AND 6);

CREATE INDEX tasks_paused ON tasks (queue) WHERE state = 6;
DROP INDEX tasks_put_aside;
CREATE INDEX tasks_put_aside ON tasks (scheduled_at, id) WHERE state IN (4, 6);

CREATE OR REPLACE FUNCTION task_state_name(state smallint) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE state
  WHEN 0 THEN 'scheduled' WHEN 1 THEN 'ready' WHEN 2 THEN 'leased' WHEN 3 THEN 'running' WHEN 4 THEN 'parked'
  WHEN 5 THEN 'isolated' WHEN 6 THEN 'paused' WHEN 10 THEN 'complete' WHEN 11 THEN 'failed' WHEN 12 THEN 'cancelled'
  WHEN 13 THEN 'dead' WHEN 14 THEN 'quarantined' END;

-- Ready as it is in this queue: put aside while it is one of the paused ones. NULL = none is paused.
CREATE FUNCTION ready_state(crash_count integer, queue text, paused text[]) RETURNS smallint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN queue = ANY (paused) THEN 6 WHEN crash_count >= 2 THEN 5 ELSE 1 END::smallint;

ALTER TABLE sessions ADD COLUMN rate real NOT NULL DEFAULT 0;

-- What a command takes, as the worker said that registered last with it.
CREATE TABLE commands (
  command       text        NOT NULL,
  description   text        NOT NULL,
  timeout_ms    integer,
  max_attempts  smallint,
  parameters    json,
  told_at       timestamptz NOT NULL DEFAULT statement_timestamp(),
  CONSTRAINT commands_pkey PRIMARY KEY (command)
);

-- The totals every other second, and how long tasks waited that began since the row before. Rows that would say what the
-- one before says are left out.
CREATE TABLE samples (
  at         timestamptz NOT NULL,
  pending    bigint      NOT NULL,
  running    bigint      NOT NULL,
  completed  bigint      NOT NULL,
  failed     bigint      NOT NULL,
  cancelled  bigint      NOT NULL,
  wait_p50   real,
  wait_p95   real,
  CONSTRAINT samples_pkey PRIMARY KEY (at)
);

-- Milliseconds from when tasks were due until they began, of those that began after `since`: a sample. History is only
-- ever appended to, so the last pages of today's partition hold what finished last; what runs hangs on tasks_held.
CREATE FUNCTION sample_waits(since timestamptz, pages integer, held integer) RETURNS SETOF double precision
LANGUAGE plpgsql STABLE SET timezone = 'UTC' AS $$
DECLARE
  part regclass := coalesce(to_regclass('task_history_p' || to_char(current_date, 'YYYYMMDD')), 'task_history_other');
  first bigint := greatest(0, pg_relation_size(part) / current_setting('block_size')::integer - pages);
BEGIN
  RETURN QUERY EXECUTE format(
    'SELECT extract(epoch FROM started_at - greatest(scheduled_at, created_at))::float8 * 1000
     FROM %s WHERE ctid >= %L::tid AND started_at > $1', part, format('(%s,0)', first)) USING since;
  RETURN QUERY
    SELECT extract(epoch FROM t.started_at - greatest(t.scheduled_at, t.created_at))::float8 * 1000
    FROM (SELECT * FROM tasks WHERE session_id IS NOT NULL LIMIT held) AS t
    WHERE t.started_at > since;
END $$;

ALTER TABLE orders DROP CONSTRAINT orders_kind;
ALTER TABLE orders ADD CONSTRAINT orders_kind CHECK (
  (kind = 'scale' AND worker_count BETWEEN 1 AND 50 AND worker_name IS NULL)
  OR (kind IN ('kill', 'drain') AND worker_name IS NOT NULL AND worker_count IS NULL));
