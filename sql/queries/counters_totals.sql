-- counters_totals: what the deltas add up to, and how many tasks finished per second in the last ten whole seconds.
-- index: none, the leader keeps the table at about a hundred rows. locks: none.
-- params: none
SELECT coalesce(sum(pending), 0)::bigint AS pending,
       coalesce(sum(running), 0)::bigint AS running,
       coalesce(sum(completed), 0)::bigint AS completed,
       coalesce(sum(failed), 0)::bigint AS failed,
       coalesce(sum(cancelled), 0)::bigint AS cancelled,
       coalesce(sum(retried), 0)::bigint AS retried,
       coalesce(sum(rescued), 0)::bigint AS rescued,
       coalesce(sum(stale), 0)::bigint AS stale,
       coalesce(sum(quarantined), 0)::bigint AS quarantined,
       -- What is run again by hand is taken off what failed, and so off this.
       greatest(sum(completed + failed + cancelled)
                FILTER (WHERE at >= date_trunc('second', statement_timestamp()) - interval '10 seconds'
                          AND at < date_trunc('second', statement_timestamp())), 0)::float8 / 10 AS throughput
FROM counters
