-- order_add: ask the supervisor for something.
-- index: none. locks: the new row.
-- params: :kind text (scale, kill, drain), :count int, :name text
INSERT INTO orders (kind, worker_count, worker_name) VALUES (:kind::text, :count::int, :name::text) RETURNING id
