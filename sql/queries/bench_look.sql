-- bench_look: how far a bench is by the clock of this server: what was enqueued, what finished, what of that not well.
-- index: none, the leader keeps counters small. locks: none. params: none.
-- clock_timestamp: what is counted here was committed before `now`.
SELECT extract(epoch FROM clock_timestamp())::float8 AS now,
       coalesce(sum(pending + running + completed + failed + cancelled), 0)::bigint AS enqueued,
       coalesce(sum(completed + failed + cancelled), 0)::bigint AS finished,
       coalesce(sum(failed + cancelled), 0)::bigint AS failed
FROM counters
