-- task_select: the ids of tasks in the order of (scheduled_at, id): what task_list finds, without the columns nobody asks for.
-- index: as task_list. locks: none.
-- params: as task_list: :states smallint[], :queue text, :command text, :worker text, :after_at timestamptz, :after_id uuid,
--         :before_at timestamptz, :before_id uuid, :most int, :looks int, :bytes bigint (NULL: then no length is read)
SELECT id, scheduled_at, until, listed
FROM (
\ir task_list.sql
) AS listed
ORDER BY scheduled_at, id
