-- bare_drain: enqueue, claim and finish with nobody in between, for `taskmaster bench`: what PostgreSQL alone can do.
-- index: those of enqueue, claim and finish, whose text store/bare.py puts in place of the three markers.
-- locks: theirs. Commits after every statement, so it runs outside a transaction.
-- params: settings bare.tasks and bare.batch; afterwards bare.enqueue and bare.drain hold the seconds
DO $bare$
DECLARE
  tasks int := current_setting('bare.tasks')::int;
  batch int := current_setting('bare.batch')::int;
  begun timestamptz;
  ids uuid[];
  tokens bigint[];
  start_id bigint;
BEGIN
  begun := clock_timestamp();
  FOR sofar IN 0 .. tasks - 1 BY batch LOOP
    -- Neighbours in the index, as UUIDv7 ids of one batch are.
    start_id := (extract(epoch FROM clock_timestamp()) * 1e6)::bigint << 8;
    SELECT array_agg((lpad(to_hex(start_id + i), 16, '0') || lpad(to_hex(sofar + i), 16, '0'))::uuid)
      INTO ids FROM generate_series(1, batch) AS i;
    EXECUTE $one$<enqueue>$one$
      USING ids, array_fill('noop'::text, ARRAY[batch]), array_fill(NULL::text, ARRAY[batch]),
            array_fill('default'::text, ARRAY[batch]), array_fill(0::smallint, ARRAY[batch]),
            array_fill(NULL::smallint, ARRAY[batch]), array_fill(NULL::int, ARRAY[batch]),
            array_fill(NULL::text, ARRAY[batch]), array_fill(NULL::timestamptz, ARRAY[batch]),
            array_fill(0::float8, ARRAY[batch]);
    COMMIT;
  END LOOP;
  PERFORM set_config('bare.enqueue', extract(epoch FROM clock_timestamp() - begun)::text, false);
  begun := clock_timestamp();
  LOOP
    EXECUTE $one$WITH leased AS (<claim>)
                 SELECT array_agg(id ORDER BY id), array_agg(lease_token ORDER BY id) FROM leased$one$
      INTO ids, tokens
      USING array_fill(1::smallint, ARRAY[batch]), ARRAY[1::bigint], ARRAY['bare'], '{}'::text[];
    COMMIT;
    EXIT WHEN ids IS NULL;
    EXECUTE $one$<finish>$one$
      USING ids, tokens, array_fill(100::bigint, ARRAY[batch]), array_fill(50::bigint, ARRAY[batch]),
            array_fill(10::smallint, ARRAY[batch]), '{}'::text[], '{}'::text[];
    COMMIT;
  END LOOP;
  PERFORM set_config('bare.drain', extract(epoch FROM clock_timestamp() - begun)::text, false);
END $bare$
