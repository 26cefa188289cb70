-- commands_offered: every command that a live worker knows which takes tasks, how many do, and what it takes.
-- index: sessions_uncleared, commands_pkey. locks: none.
-- params: none
SELECT o.command, o.workers, coalesce(c.description, '') AS description, c.timeout_ms, c.max_attempts,
       convert_to(c.parameters::text, 'UTF8') AS parameters
FROM (SELECT command, count(*)::int AS workers
      FROM sessions, unnest(handlers) AS command
      WHERE NOT cleared AND ended_at IS NULL AND expires_at > statement_timestamp() AND NOT draining
      GROUP BY command) AS o
LEFT JOIN commands AS c ON c.command = o.command
ORDER BY o.command
