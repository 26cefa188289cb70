import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { post } from "../api/client";
import type { Task } from "../api/types";
import { Button } from "../parts/Button";
import { Card } from "../parts/Card";
import { Failure, Loading } from "../parts/Feedback";
import { plural, shortId } from "../parts/formats";
import { StatusBadge } from "../parts/StatusBadge";
import type { Lost } from "./lost";
import styles from "./LostTasks.module.css";
import { settled, whereabouts } from "./whereabouts";

const LOOK_MS = 1_000;

/** What became of the tasks of a worker that is gone: each one's state and worker, until all have ended. */
export function LostTasks({ lost, onClose }: { lost: Lost; onClose: () => void }) {
  const { worker, taskIds } = lost;
  const { data, error } = useQuery({
    queryKey: ["lost", worker.worker_id],
    queryFn: () => post<{ tasks: Task[] }>("/api/status/batch", { task_ids: taskIds }),
    refetchInterval: ({ state }) => (state.data && settled(state.data.tasks) ? false : LOOK_MS),
  });
  const title = `${worker.name} is gone: where its ${plural(taskIds.length, "task")} went`;
  return (
    <Card title={title} actions={<Button look="quiet" icon="cross" aria-label={`Close: ${title}`} onClick={onClose} />}>
      {error && <Failure error={error} />}
      {!data && !error && <Loading lines={2} />}
      {data && (
        <>
          <p className={styles.summary} role="status">{whereabouts(data.tasks, worker.worker_id)}.</p>
          <ul className={styles.tasks}>
            {data.tasks.map((task) => <LostTask key={task.id} task={task} lostWorkerId={worker.worker_id} />)}
          </ul>
        </>
      )}
    </Card>
  );
}

function LostTask({ task, lostWorkerId }: { task: Task; lostWorkerId: string }) {
  const elsewhere = task.worker_id !== null && task.worker_id !== lostWorkerId;
  return (
    <li className={styles.task}>
      <Link href={`/tasks/${task.id}`} title={task.id}>{task.command} <code>{shortId(task.id)}</code></Link>
      <StatusBadge state={task.state} />
      <span className={styles.where}>{elsewhere ? `→ ${task.worker_id ?? ""}` : ""}</span>
    </li>
  );
}
