-- rescue: bring back the tasks that ended sessions held. Rows that come back are the rescued tasks and their new states.
-- index: sessions_pkey, tasks_held, tasks_pkey. locks: the tasks, skipping those others hold.
-- params: :ids bigint[] (sessions; one that lives is left alone)
-- The attempt never counts, for it was not the task that failed. A crash counts for what may have been running: what was
-- said to run, and as nobody saw what began last, the next in line, as many as there are slots and 100, which a quick
-- worker may have done without having told. What it was fed beyond those is not to blame. Should the guilty one be among
-- them it comes back to the head of the line, and the next time it is. From the second crash on a task runs alone, so the
-- third one is its own and it goes into quarantine: to history, without a token, for no outcome of it was ever accepted.
-- A task whose row somebody holds (a finish under way, a psql that was forgotten) is left for the next time, and costs the
-- others nothing. It is not lost: it keeps its session, a session that has ended is not cleared while any task has it, and
-- session_end_expired names every session that is not cleared, once a second. Nor is the fence weaker: until then it keeps
-- its token, too, so of an outcome and its rescue whichever has the row first wins, and the other finds nothing.
-- Whether it is to blame is then seen from what is left: it may count a crash that it would not have counted before.
WITH lost AS MATERIALIZED (
  SELECT id, crashed, end_reason, slots FROM sessions WHERE id = ANY (:ids::bigint[]) AND ended_at IS NOT NULL
), seen AS MATERIALIZED (
  SELECT id FROM tasks WHERE session_id = ANY (ARRAY(SELECT id FROM lost))
), line AS MATERIALIZED (
  SELECT id, session_id, state, row_number() OVER (PARTITION BY session_id ORDER BY picked_at, priority DESC, scheduled_at, id) AS n
  FROM tasks
  WHERE session_id = ANY (ARRAY(SELECT id FROM lost WHERE crashed))
), blamed AS MATERIALIZED (
  SELECT coalesce(array_agg(id), '{}') AS ids
  FROM line
  WHERE state = 3 OR n <= 100 + (SELECT slots FROM lost WHERE lost.id = line.session_id)
), held AS MATERIALIZED (
  SELECT t.id, t.state AS was, t.session_id, t.worker_id, t.command, t.queue,
         t.crash_count + (t.id = ANY ((SELECT ids FROM blamed)::uuid[]))::int AS crashes
  FROM tasks AS t
  WHERE t.id = ANY (ARRAY(SELECT id FROM seen)) AND t.session_id = ANY (ARRAY(SELECT id FROM lost))
  FOR UPDATE SKIP LOCKED
), back AS (
  UPDATE tasks AS t
  SET state = ready_state(t.crash_count + (t.id = ANY ((SELECT ids FROM blamed)::uuid[]))::int, t.queue,
                          (SELECT array_agg(queue) FROM paused_queues)),
      crash_count = t.crash_count + (t.id = ANY ((SELECT ids FROM blamed)::uuid[]))::int,
      attempt = greatest(t.attempt - 1, 0),
      attempts = CASE
        WHEN t.id = ANY ((SELECT ids FROM blamed)::uuid[])
          THEN with_attempt(t.attempts, t.attempt, t.worker_id, t.lease_token, 'crashed',
                            (SELECT end_reason FROM lost WHERE id = t.session_id))
        WHEN t.state = 3
          THEN with_attempt(t.attempts, t.attempt, t.worker_id, t.lease_token, 'rescued',
                            (SELECT end_reason FROM lost WHERE id = t.session_id))
        ELSE t.attempts END,
      session_id = NULL, lease_token = NULL, worker_id = NULL, picked_at = NULL, started_at = NULL,
      progress = NULL, progress_message = NULL
  WHERE t.id = ANY (ARRAY(SELECT id FROM held WHERE crashes < 3))
), gone AS (
  DELETE FROM tasks AS t
  WHERE t.id = ANY (ARRAY(SELECT id FROM held WHERE crashes >= 3))
  RETURNING *
), quarantined AS (
  INSERT INTO task_history (id, scheduled_at, created_at, picked_at, started_at, finished_at, session_id, lease_token,
                            timeout_ms, state, priority, attempt, max_attempts, crash_count, queue, command, payload,
                            worker_id, unique_key, error, result, attempts)
  SELECT id, scheduled_at, created_at, picked_at, started_at, greatest(picked_at, started_at, statement_timestamp()),
         session_id, NULL, timeout_ms, 14, priority, attempt, max_attempts, crash_count + 1, queue, command, payload,
         worker_id, unique_key,
         format('quarantined: %s workers crashed while they held this task, the last one when it ran alone', crash_count + 1),
         NULL,
         with_attempt(attempts, attempt, worker_id, lease_token, 'crashed', (SELECT end_reason FROM lost WHERE lost.id = session_id))
  FROM gone
), counted AS (
  INSERT INTO counters (pending, running, failed, rescued, quarantined)
  SELECT count(*) FILTER (WHERE was = 3 AND crashes < 3) - count(*) FILTER (WHERE was <> 3 AND crashes >= 3),
         -count(*) FILTER (WHERE was = 3), count(*) FILTER (WHERE crashes >= 3), count(*) FILTER (WHERE crashes < 3),
         count(*) FILTER (WHERE crashes >= 3)
  FROM held HAVING count(*) > 0
)
SELECT id, session_id, worker_id, command, CASE WHEN crashes >= 3 THEN 14 ELSE ready_state(crashes, queue, (SELECT array_agg(queue) FROM paused_queues)) END AS state
FROM held
