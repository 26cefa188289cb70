-- order_settle: what became of an order; the first answer stays. The row that comes back is its kind.
-- index: orders_pkey. locks: the order.
-- params: :id bigint, :ok boolean, :detail text
UPDATE orders SET done_at = statement_timestamp(), ok = :ok::boolean, detail = :detail::text
WHERE id = :id::bigint AND done_at IS NULL
RETURNING kind
