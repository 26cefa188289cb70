-- queue_pause: pause a queue. One row comes back: since when it is paused, and whether it was not before.
-- index: paused_queues_pkey. locks: the row.
-- params: :queue text
INSERT INTO paused_queues AS p (queue) VALUES (:queue::text)
ON CONFLICT (queue) DO UPDATE SET paused_at = p.paused_at
RETURNING paused_at, xmax = 0 AS changed
