-- queue_resume: let the tasks of a queue run again. A row comes back if it was paused.
-- index: paused_queues_pkey. locks: the row.
-- params: :queue text
DELETE FROM paused_queues WHERE queue = :queue::text RETURNING paused_at
