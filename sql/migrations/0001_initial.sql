-- The first schema. Forward only; one transaction; run by `taskmaster migrate` under an advisory lock.
-- States are explained in sql/README.md and in cluster/core/task.py.

CREATE SEQUENCE lease_tokens AS bigint CACHE 1;

-- What is not finished. Stays as small as the work in hand, so its indexes stay in memory whatever the history holds.
CREATE TABLE tasks (
  id            uuid        NOT NULL,
  scheduled_at  timestamptz NOT NULL,
  created_at    timestamptz NOT NULL DEFAULT statement_timestamp(),
  picked_at     timestamptz,
  started_at    timestamptz,
  session_id    bigint,
  lease_token   bigint,
  timeout_ms    integer,
  state         smallint    NOT NULL,
  priority      smallint    NOT NULL DEFAULT 0,
  attempt       smallint    NOT NULL DEFAULT 0,
  max_attempts  smallint,
  crash_count   smallint    NOT NULL DEFAULT 0,
  queue         text        NOT NULL DEFAULT 'default',
  command       text        NOT NULL,
  payload       json,
  worker_id     text,
  unique_key    text,
  error         text,
  progress      real,
  progress_message text,
  attempts      jsonb,
  CONSTRAINT tasks_pkey PRIMARY KEY (id),
  CONSTRAINT tasks_state CHECK (state BETWEEN 0 AND 5),
  CONSTRAINT tasks_priority CHECK (priority BETWEEN -100 AND 100)
) WITH (
  fillfactor = 60,
  autovacuum_vacuum_scale_factor = 0.05,
  autovacuum_vacuum_threshold = 5000,
  autovacuum_vacuum_cost_delay = 0,
  autovacuum_analyze_scale_factor = 0.2,
  autovacuum_analyze_threshold = 5000
);

CREATE INDEX tasks_ready     ON tasks (priority DESC, scheduled_at, id) WHERE state = 1;
CREATE INDEX tasks_due       ON tasks (scheduled_at, id) WHERE state = 0;
CREATE INDEX tasks_held      ON tasks (session_id) WHERE session_id IS NOT NULL;
CREATE INDEX tasks_parked    ON tasks (command) WHERE state = 4;
CREATE INDEX tasks_isolated  ON tasks (scheduled_at, id) WHERE state = 5;
CREATE INDEX tasks_put_aside ON tasks (scheduled_at, id) WHERE state = 4;
CREATE UNIQUE INDEX tasks_unique_key ON tasks (unique_key) WHERE unique_key IS NOT NULL;
-- No index over all states: one on (scheduled_at, id) made every insert and claim a fifth slower. Lists are put together
-- from the indexes above, one state after the other (task_list.sql).

-- What is finished, by the UTC day of the finish. Retention is DROP PARTITION.
CREATE TABLE task_history (
  id            uuid        NOT NULL,
  scheduled_at  timestamptz NOT NULL,
  created_at    timestamptz NOT NULL,
  picked_at     timestamptz,
  started_at    timestamptz,
  finished_at   timestamptz NOT NULL,
  session_id    bigint,
  lease_token   bigint,
  timeout_ms    integer,
  state         smallint    NOT NULL,
  priority      smallint    NOT NULL,
  attempt       smallint    NOT NULL,
  max_attempts  smallint,
  crash_count   smallint    NOT NULL,
  queue         text        NOT NULL,
  command       text        NOT NULL,
  payload       json,
  worker_id     text,
  unique_key    text,
  error         text,
  result        json,
  attempts      jsonb,
  CONSTRAINT task_history_state CHECK (state BETWEEN 10 AND 14)
) PARTITION BY RANGE (finished_at);

CREATE INDEX task_history_id     ON task_history (id);
CREATE INDEX task_history_listed ON task_history (scheduled_at, id);
-- What went wrong is rare and asked for often: without this, a page of it reads the whole history.
CREATE INDEX task_history_unsuccessful ON task_history (scheduled_at, id) WHERE state <> 10;

-- Takes what no day's partition takes: nothing is refused because a leader was away for a week.
CREATE TABLE task_history_other PARTITION OF task_history DEFAULT;

-- Partitions are made beside the table and then attached: that lets finishing go on, CREATE … PARTITION OF would not.
-- `leader_epoch` NULL: not a leader's doing but the migration's.
CREATE FUNCTION ensure_history_partitions(leader_epoch bigint, days_ahead integer) RETURNS SETOF text
LANGUAGE plpgsql SET timezone = 'UTC' AS $$
DECLARE
  day date;
  part text;
BEGIN
  PERFORM pg_advisory_xact_lock(4077002);
  PERFORM FROM leader WHERE epoch = leader_epoch AND expires_at > statement_timestamp() FOR SHARE;
  IF leader_epoch IS NOT NULL AND NOT FOUND THEN
    RETURN;
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

CREATE FUNCTION prune_history(leader_epoch bigint, days integer) RETURNS SETOF text
LANGUAGE plpgsql SET timezone = 'UTC' SET lock_timeout = '3s' AS $$
DECLARE
  part text;
BEGIN
  PERFORM FROM leader WHERE epoch = leader_epoch AND expires_at > statement_timestamp() FOR SHARE;
  IF NOT FOUND THEN
    RETURN;
  END IF;
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

-- One row per life of a worker process. A lease hangs on its session, so a heartbeat prolongs one row.
CREATE TABLE sessions (
  id              bigint      GENERATED ALWAYS AS IDENTITY,
  worker_id       text        NOT NULL,
  name            text        NOT NULL,
  address         text        NOT NULL,
  coordinator     text        NOT NULL,
  slots           smallint    NOT NULL,
  streaming       boolean     NOT NULL,
  draining        boolean     NOT NULL DEFAULT false,
  handlers        text[]      NOT NULL,
  completed       bigint      NOT NULL DEFAULT 0,
  failed          bigint      NOT NULL DEFAULT 0,
  rss_bytes       bigint      NOT NULL DEFAULT 0,
  loop_lag        real        NOT NULL DEFAULT 0,
  started_at      timestamptz NOT NULL DEFAULT statement_timestamp(),
  last_heartbeat  timestamptz NOT NULL DEFAULT statement_timestamp(),
  expires_at      timestamptz NOT NULL,
  ended_at        timestamptz,
  end_reason      text,
  crashed         boolean     NOT NULL DEFAULT false,
  cleared         boolean     NOT NULL DEFAULT false,
  host            text        NOT NULL DEFAULT '',
  pid             bigint      NOT NULL DEFAULT 0,
  CONSTRAINT sessions_pkey PRIMARY KEY (id),
  CONSTRAINT sessions_worker_id UNIQUE (worker_id)
) WITH (fillfactor = 50);

-- By id, which never changes: heartbeats stay out of the indexes.
CREATE INDEX sessions_uncleared ON sessions (id) WHERE NOT cleared;
CREATE INDEX sessions_ended     ON sessions (ended_at) WHERE cleared;

-- Who runs promote, rescue, fold and prune, until when. `epoch` rises with every change of leader.
CREATE TABLE leader (
  singleton   boolean     NOT NULL DEFAULT true,
  holder      text        NOT NULL,
  epoch       bigint      NOT NULL,
  expires_at  timestamptz NOT NULL,
  CONSTRAINT leader_pkey PRIMARY KEY (singleton),
  CONSTRAINT leader_singleton CHECK (singleton)
);

-- Appended deltas, one row per statement; the leader folds them. Totals are their sum: no count(*) anywhere.
CREATE TABLE counters (
  at           timestamptz NOT NULL DEFAULT statement_timestamp(),
  pending      bigint      NOT NULL DEFAULT 0,
  running      bigint      NOT NULL DEFAULT 0,
  completed    bigint      NOT NULL DEFAULT 0,
  failed       bigint      NOT NULL DEFAULT 0,
  cancelled    bigint      NOT NULL DEFAULT 0,
  retried      bigint      NOT NULL DEFAULT 0,
  rescued      bigint      NOT NULL DEFAULT 0,
  stale        bigint      NOT NULL DEFAULT 0,
  quarantined  bigint      NOT NULL DEFAULT 0
) WITH (
  autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_threshold = 1000,
  autovacuum_vacuum_cost_delay = 0
);

-- What people told the supervisor to do, and what became of it.
CREATE TABLE orders (
  id            bigint      GENERATED ALWAYS AS IDENTITY,
  kind          text        NOT NULL,
  worker_count  smallint,
  worker_name   text,
  created_at    timestamptz NOT NULL DEFAULT statement_timestamp(),
  taken_at      timestamptz,
  taken_by      text,
  done_at       timestamptz,
  ok            boolean,
  detail        text,
  CONSTRAINT orders_pkey PRIMARY KEY (id),
  CONSTRAINT orders_kind CHECK (
    (kind = 'scale' AND worker_count BETWEEN 1 AND 50 AND worker_name IS NULL)
    OR (kind = 'kill' AND worker_name IS NOT NULL AND worker_count IS NULL))
);

CREATE INDEX orders_open ON orders (id) WHERE done_at IS NULL;

CREATE FUNCTION task_state_name(state smallint) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE state
  WHEN 0 THEN 'scheduled' WHEN 1 THEN 'ready' WHEN 2 THEN 'leased' WHEN 3 THEN 'running' WHEN 4 THEN 'parked'
  WHEN 5 THEN 'isolated' WHEN 10 THEN 'complete' WHEN 11 THEN 'failed' WHEN 12 THEN 'cancelled' WHEN 13 THEN 'dead'
  WHEN 14 THEN 'quarantined' END;

-- Ready, or ready to run alone: a task whose workers crashed twice shall not take others with it.
CREATE FUNCTION ready_state(crash_count integer) RETURNS smallint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN crash_count >= 2 THEN 5 ELSE 1 END::smallint;

-- The trail of a task: how its attempts ended that did not finish it, oldest first, the last 50 of them. NULL = none.
CREATE FUNCTION with_attempt(attempts jsonb, attempt integer, worker_id text, token bigint, outcome text, error text)
RETURNS jsonb LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_array_length(attempts) >= 50 THEN attempts - 0 ELSE coalesce(attempts, '[]') END
       || jsonb_build_object(
            'at', to_char(statement_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
            'attempt', attempt, 'worker_id', worker_id, 'token', token, 'outcome', outcome, 'error', left(error, 2000));

-- Whether what the holder of this lease reported is in the trail, so that it is no news when it comes again.
CREATE FUNCTION is_told(attempts jsonb, token bigint) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(jsonb_path_exists(attempts,
         '$[*] ? (@.token == $token && (@.outcome == "failed" || @.outcome == "dead" || @.outcome == "stale"))',
         jsonb_build_object('token', token)), false);

-- The filters of a list. NULL = any; a worker is given by its id, or by its name, which is the id without its suffix.
CREATE FUNCTION task_matches(queue text, command text, worker_id text, in_queue text, of_command text, by_worker text)
RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (in_queue IS NULL OR queue = in_queue)
   AND (of_command IS NULL OR command = of_command)
   AND (by_worker IS NULL OR worker_id = by_worker
        OR (worker_id ~ '-[0-9a-f]{8}$' AND left(worker_id, -9) = by_worker));

-- For people with psql.
CREATE VIEW all_tasks AS
  SELECT id, task_state_name(state) AS state, queue, command, payload, priority, scheduled_at, created_at, picked_at,
         started_at, NULL::timestamptz AS finished_at, attempt, max_attempts, crash_count, worker_id, unique_key,
         NULL::json AS result, error, progress, progress_message, attempts
  FROM tasks
  UNION ALL
  SELECT id, task_state_name(state), queue, command, payload, priority, scheduled_at, created_at, picked_at,
         started_at, finished_at, attempt, max_attempts, crash_count, worker_id, unique_key, result, error,
         NULL, NULL, attempts
  FROM task_history;
