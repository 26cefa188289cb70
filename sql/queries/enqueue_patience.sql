-- enqueue_patience: how long this transaction waits for a lock.
-- index: none. locks: none.
-- params: :milliseconds int
SELECT set_config('lock_timeout', :milliseconds::text, true)
