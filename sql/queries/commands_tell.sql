-- commands_tell: what these commands take, as a worker says that registers. What is known already is written
-- again once in half an hour at most, so that it is not forgotten before the worker has its session (commands_forget).
-- index: commands_pkey. locks: the changed rows.
-- params: parallel arrays sorted by command: :commands text[], :descriptions text[], :timeouts int[] (ms; NULL = the default of
--         the cluster), :max_attempts smallint[] (the same), :parameters text[] (a JSON Schema; NULL = not said)
INSERT INTO commands AS c (command, description, timeout_ms, max_attempts, parameters)
SELECT n.command, n.description, n.timeout_ms, n.max_attempts, n.parameters::json
FROM unnest(:commands::text[], :descriptions::text[], :timeouts::int[], :max_attempts::smallint[], :parameters::text[])
       AS n (command, description, timeout_ms, max_attempts, parameters)
ON CONFLICT (command) DO UPDATE
SET description = excluded.description, timeout_ms = excluded.timeout_ms, max_attempts = excluded.max_attempts,
    parameters = excluded.parameters, told_at = statement_timestamp()
WHERE (c.description, c.timeout_ms, c.max_attempts, c.parameters::text)
      IS DISTINCT FROM (excluded.description, excluded.timeout_ms, excluded.max_attempts, excluded.parameters::text)
  OR c.told_at < statement_timestamp() - interval '30 minutes'
