-- locked: which of these tasks somebody else has locked. Rows that come back are theirs; those of the others are ours until
--         the transaction ends.
-- index: tasks_pkey. locks: the rows themselves, skipping those others hold.
-- params: :ids uuid[] (sorted)
-- One that ends while we look may come back, too: whoever looks again finds it gone.
WITH ours AS MATERIALIZED (
  SELECT t.id FROM tasks AS t WHERE t.id = ANY ((SELECT :ids::uuid[])::uuid[]) FOR UPDATE SKIP LOCKED
)
SELECT t.id FROM tasks AS t WHERE t.id = ANY ((SELECT :ids::uuid[])::uuid[])
EXCEPT
SELECT id FROM ours
