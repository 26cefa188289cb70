-- order_take: the open orders for one supervisor, oldest first; closes those that are outdated.
-- index: orders_open. locks: the taken and the closed orders, skipping those others hold.
-- params: :supervisor text
WITH open AS MATERIALIZED (
  SELECT id, kind, taken_by, taken_at,
         CASE WHEN kind = 'scale' AND id < (SELECT max(id) FROM orders WHERE done_at IS NULL AND kind = 'scale')
              THEN 'superseded'
              WHEN kind IN ('kill', 'drain') AND created_at < statement_timestamp() - interval '60 seconds'
              THEN 'expired' END AS outdated
  FROM orders
  WHERE done_at IS NULL
  FOR UPDATE SKIP LOCKED
), closed AS (
  UPDATE orders SET done_at = statement_timestamp(), ok = false, detail = open.outdated
  FROM open
  WHERE orders.id = open.id AND open.outdated IS NOT NULL
), taken AS (
  UPDATE orders SET taken_at = statement_timestamp(), taken_by = :supervisor::text
  FROM open
  WHERE orders.id = open.id AND open.outdated IS NULL
    AND (open.taken_by IS NULL OR open.taken_by = :supervisor::text
         OR open.taken_at < statement_timestamp() - interval '30 seconds')
  RETURNING orders.id, orders.kind, orders.worker_count, orders.worker_name
)
SELECT id, kind, worker_count, worker_name FROM taken ORDER BY id
