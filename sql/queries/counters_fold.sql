-- counters_fold: add up the deltas, one row per second of the last minute and one at -infinity for all before.
-- index: none. locks: the folded rows. Who comes second waits, finds them gone, and folds nothing twice.
-- params: none
-- A row that is folded already is left alone, so that an idle cluster writes nothing.
WITH folded AS (
  DELETE FROM counters AS c
  WHERE c.at <> date_trunc('second', c.at)
     OR (c.at < statement_timestamp() - interval '60 seconds'
         AND (c.at > '-infinity'
              OR EXISTS (SELECT FROM counters AS o
                         WHERE o.at > '-infinity' AND o.at < statement_timestamp() - interval '60 seconds')))
  RETURNING CASE WHEN at < statement_timestamp() - interval '60 seconds' THEN '-infinity' ELSE date_trunc('second', at) END
              AS at, pending, running, completed, failed, cancelled
)
INSERT INTO counters (at, pending, running, completed, failed, cancelled)
SELECT at, sum(pending), sum(running), sum(completed), sum(failed), sum(cancelled)
FROM folded
GROUP BY at
