-- leader_elect: lead, or stay leader, unless another's time is not over. The epoch rises when the holder changes.
--               Tells whether the time of whoever led was over.
-- index: leader_pkey. locks: the one row, when it is taken.
-- params: :holder text, :ttl float8 (seconds)
WITH before AS MATERIALIZED (
  SELECT expires_at <= statement_timestamp() AS late FROM leader
), elected AS (
  INSERT INTO leader (holder, epoch, expires_at)
  VALUES (:holder::text, 1, statement_timestamp() + :ttl::float8 * interval '1 second')
  ON CONFLICT (singleton) DO UPDATE
  SET epoch = leader.epoch + (leader.holder <> excluded.holder)::int,
      holder = excluded.holder,
      expires_at = excluded.expires_at
  WHERE leader.holder = excluded.holder OR leader.expires_at <= statement_timestamp()
  RETURNING epoch
)
SELECT true AS leading, epoch, coalesce((SELECT late FROM before), true) FROM elected
UNION ALL
SELECT false, epoch, false FROM leader WHERE NOT EXISTS (SELECT FROM elected)
