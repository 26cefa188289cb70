-- counters_fold: add up the deltas, one row per second of the last minute and one at -infinity for all before.
-- index: none. locks: the folded rows. Who comes second waits, finds them gone, and folds nothing twice.
-- params: :epoch bigint (of the leader; another one folds nothing)
-- A row that is folded already is left alone, so that an idle cluster writes nothing.
WITH folded AS (
  DELETE FROM counters AS c
  WHERE (SELECT true FROM leader WHERE epoch = :epoch::bigint AND expires_at > statement_timestamp())
    AND (c.at <> date_trunc('second', c.at)
     OR (c.at < statement_timestamp() - interval '60 seconds'
         AND (c.at > '-infinity'
              OR EXISTS (SELECT FROM counters AS o
                         WHERE o.at > '-infinity' AND o.at < statement_timestamp() - interval '60 seconds'))))
  RETURNING CASE WHEN at < statement_timestamp() - interval '60 seconds' THEN '-infinity' ELSE date_trunc('second', at) END
              AS at, pending, running, completed, failed, cancelled, retried, rescued, stale, quarantined
)
INSERT INTO counters (at, pending, running, completed, failed, cancelled, retried, rescued, stale, quarantined)
SELECT at, sum(pending), sum(running), sum(completed), sum(failed), sum(cancelled), sum(retried),
       sum(rescued), sum(stale), sum(quarantined)
FROM folded
GROUP BY at
