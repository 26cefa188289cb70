-- queue_paused: the queues that are paused.
-- index: none, the table has a row for each of them. locks: none.
-- params: none
SELECT queue, paused_at FROM paused_queues ORDER BY queue
