-- sample_forget: delete samples that are more than a day old, but for the newest, which says what has been so since then.
-- index: samples_pkey. locks: the deleted rows.
-- params: :epoch bigint (of the leader; another one deletes nothing)
DELETE FROM samples
WHERE at < statement_timestamp() - interval '25 hours' AND at < (SELECT max(at) FROM samples WHERE at < statement_timestamp() - interval '25 hours')
  AND EXISTS (SELECT FROM leader WHERE epoch = :epoch::bigint AND expires_at > statement_timestamp())
