-- bare_drain: enqueue, claim and finish with nobody in between, for `taskmaster bench`: what PostgreSQL alone can do.
-- index: those of enqueue, claim and finish, whose text store/bare.py puts in place of the three markers, with the
--        variables of this block for their parameters. locks: theirs. Commits after each, so it runs outside a transaction.
-- params: settings bare.tasks and bare.batch; afterwards bare.enqueue, bare.claim and bare.finish hold seconds
DO $bare$
-- In the three statements ids is a column; the variable is bare.ids.
#variable_conflict use_column
<<bare>>
DECLARE
  tasks int := current_setting('bare.tasks')::int;
  batch int := current_setting('bare.batch')::int;
  size int;
  begun timestamptz;
  first_id bigint;
  taken interval[] := '{0,0,0}';
  at timestamptz;
  accepted bigint;
  ids uuid[];
  commands text[] := '{noop}';
  payloads text[] := '{}';
  queues text[] := '{}';
  priorities smallint[] := '{}';
  max_attempts smallint[] := '{}';
  timeouts bigint[] := '{}';
  unique_keys text[] := '{}';
  due timestamptz[] := '{}';
  delays bigint[] := '{}';
  slots smallint[];
  sessions bigint[] := '{1}';
  workers text[] := '{bare}';
  others text[] := '{}';
  tokens bigint[];
  states smallint[];
  started bigint[];
  finished bigint[];
  results text[] := '{}';
  errors text[] := '{}';
BEGIN
  FOR sofar IN 0 .. bare.tasks - 1 BY bare.batch LOOP
    bare.size := least(bare.batch, bare.tasks - sofar);
    -- Neighbours in the index, as UUIDv7 ids of one batch are.
    bare.first_id := (extract(epoch FROM clock_timestamp()) * 1e6)::bigint << 8;
    bare.ids := ARRAY(SELECT (lpad(to_hex(bare.first_id + i), 16, '0') || lpad(to_hex(sofar + i), 16, '0'))::uuid
                      FROM generate_series(1, bare.size) AS i);
    bare.begun := clock_timestamp();
    <enqueue>
      INTO bare.at;
    COMMIT;
    bare.taken[1] := bare.taken[1] + (clock_timestamp() - bare.begun);
  END LOOP;
  FOR sofar IN 0 .. bare.tasks - 1 BY bare.batch LOOP
    bare.size := least(bare.batch, bare.tasks - sofar);
    bare.slots := array_fill(1::smallint, ARRAY[bare.size]);
    bare.begun := clock_timestamp();
    WITH leased AS (<claim>)
    SELECT array_agg(leased.id ORDER BY leased.id), array_agg(leased.lease_token ORDER BY leased.id) FROM leased
      INTO bare.ids, bare.tokens;
    COMMIT;
    bare.taken[2] := bare.taken[2] + (clock_timestamp() - bare.begun);
    bare.states := array_fill(10::smallint, ARRAY[bare.size]);
    bare.started := array_fill(100::bigint, ARRAY[bare.size]);
    bare.finished := array_fill(50::bigint, ARRAY[bare.size]);
    bare.begun := clock_timestamp();
    <finish>
      INTO bare.accepted;
    COMMIT;
    bare.taken[3] := bare.taken[3] + (clock_timestamp() - bare.begun);
    ASSERT bare.accepted = bare.size, 'a bare finish was refused';
  END LOOP;
  PERFORM set_config('bare.enqueue', extract(epoch FROM bare.taken[1])::text, false);
  PERFORM set_config('bare.claim', extract(epoch FROM bare.taken[2])::text, false);
  PERFORM set_config('bare.finish', extract(epoch FROM bare.taken[3])::text, false);
END $bare$
