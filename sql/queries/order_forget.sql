-- order_forget: delete orders that were settled more than :days days ago.
-- index: none, the table has a row for each time somebody scaled or killed. locks: the deleted rows.
-- params: :epoch bigint (of the leader; another one deletes nothing), :days int
DELETE FROM orders
WHERE done_at < statement_timestamp() - :days::int * interval '1 day'
  AND EXISTS (SELECT FROM leader WHERE epoch = :epoch::bigint AND expires_at > statement_timestamp())
