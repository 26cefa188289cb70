-- enqueue_witness: a write of zero, so that who acknowledges a task that was there first waits for the synchronous
--                  standby, if there is one: the first answer may have been lost because the standby was silent.
-- index: none. locks: the new row.
-- params: none
INSERT INTO counters (pending) SELECT 0 WHERE current_setting('synchronous_standby_names') <> ''
