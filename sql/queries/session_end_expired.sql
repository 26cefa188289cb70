-- session_end_expired: end the sessions that expired. Rows that come back are these, and those that ended within the last
--                      minute: `rescue` is to look at all of them.
-- index: sessions_uncleared, tasks_held. locks: the sessions.
-- params: :epoch bigint (of the leader; another one ends nothing), :reason text
-- A claim does not lock the session it leases to, so a lease may be committed just after its session ended. Therefore
-- the leases of ended sessions are looked for again, until a minute later the session is cleared. Not while it has any:
-- `rescue` is a statement of its own, and whoever was to run it may have died.
WITH in_office AS MATERIALIZED (
  SELECT true AS yes FROM leader WHERE epoch = :epoch::bigint AND expires_at > statement_timestamp()
), ended AS (
  UPDATE sessions
  SET ended_at = statement_timestamp(), end_reason = :reason::text
  WHERE NOT cleared AND ended_at IS NULL AND expires_at <= statement_timestamp() AND (SELECT yes FROM in_office)
  RETURNING id
), cleared AS (
  UPDATE sessions
  SET cleared = true
  WHERE NOT cleared AND ended_at < statement_timestamp() - interval '60 seconds' AND (SELECT yes FROM in_office)
    AND NOT EXISTS (SELECT FROM tasks AS t WHERE t.session_id = sessions.id)
)
SELECT id FROM ended
UNION ALL
SELECT id FROM sessions WHERE NOT cleared AND ended_at IS NOT NULL AND (SELECT yes FROM in_office)
