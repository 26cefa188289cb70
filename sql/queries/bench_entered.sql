-- bench_entered: what the finished tasks of the bench that tell when they began have told.
-- index: none, it reads the whole history of a database that a bench made. locks: none.
-- params: :command text
SELECT id, (result ->> 'entered')::bigint FROM task_history WHERE command = :command::text AND state = 10
