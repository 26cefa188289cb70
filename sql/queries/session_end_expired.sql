-- session_end_expired: end the sessions that expired and rescue their leases. Rows that come back are the rescued tasks.
-- index: sessions_uncleared, tasks_held, tasks_pkey. locks: the sessions, then their tasks in the order of their ids, as finish does.
-- params: :epoch bigint (of the leader; another one ends nothing), :reason text
-- A claim does not lock the session it leases to, so a lease may be committed just after its session ended. Therefore
-- the leases of ended sessions are looked for again, until a minute later the session is cleared.
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
), lost AS (
  SELECT id FROM ended
  UNION ALL
  SELECT id FROM sessions WHERE NOT cleared AND ended_at IS NOT NULL AND (SELECT yes FROM in_office)
), seen AS MATERIALIZED (
  SELECT id FROM tasks WHERE session_id = ANY (ARRAY(SELECT id FROM lost))
), held AS MATERIALIZED (
  SELECT t.id, t.state AS was, t.session_id, t.worker_id
  FROM tasks AS t
  WHERE t.id = ANY (ARRAY(SELECT id FROM seen)) AND t.session_id = ANY (ARRAY(SELECT id FROM lost))
  FOR UPDATE
), back AS (
  UPDATE tasks AS t
  SET state = 1,
      attempt = greatest(t.attempt - 1, 0),
      crash_count = t.crash_count + (t.state = 3)::int,
      session_id = NULL, lease_token = NULL, worker_id = NULL, picked_at = NULL, started_at = NULL
  WHERE t.id = ANY (ARRAY(SELECT id FROM held))
), counted AS (
  INSERT INTO counters (pending, running)
  SELECT count(*), -count(*) FROM held WHERE was = 3 HAVING count(*) > 0
)
SELECT id, session_id, worker_id FROM held
