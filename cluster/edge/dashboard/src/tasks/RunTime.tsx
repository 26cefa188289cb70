import type { Task } from "../api/types";
import { duration, NOTHING } from "../parts/formats";
import { useNow } from "../parts/now";
import { Progress } from "../parts/Progress";
import { ranFor } from "../task/timeline";
import styles from "./Tasks.module.css";

/** How long it ran, or runs so far, with its progress if it tells any; how long it waits before that. */
export function RunTime({ task }: { task: Task }) {
  if (task.state === "running") return <Running task={task} />;
  if (task.status === "QUEUED") return task.state === "scheduled" ? NOTHING : <Waiting task={task} />;
  const ran = ranFor(task, 0);
  return ran === null ? NOTHING : duration(ran);
}

function Running({ task }: { task: Task }) {
  const ran = ranFor(task, useNow()) ?? 0;
  return (
    <>
      {duration(Math.floor(ran / 1000) * 1000)}
      {task.progress !== null && <Progress done={task.progress} message={task.progress_message} />}
    </>
  );
}

function Waiting({ task }: { task: Task }) {
  const waited = Math.max(0, useNow() - Math.max(Date.parse(task.scheduled_at), Date.parse(task.created_at)));
  return <span className={styles.waiting}>waits {duration(Math.floor(waited / 1000) * 1000)}</span>;
}
