import type { ReactNode } from "react";
import type { Task } from "../api/types";
import { dateTime, duration, NOTHING } from "../parts/formats";
import styles from "./Task.module.css";

/** What the task was given, and who has it. */
export function Facts({ task }: { task: Task }) {
  const facts: [name: string, value: ReactNode][] = [
    ["Queue", task.queue],
    ["Priority", task.priority],
    ["Attempts", task.max_attempts === null ? task.attempt : `${task.attempt} of ${task.max_attempts}`],
    ["Timeout", task.timeout_seconds === null ? "as its worker says" : duration(task.timeout_seconds * 1000)],
    ["Worker", task.worker_id === null ? NOTHING : <code>{task.worker_id}</code>],
    ["Due", dateTime(task.scheduled_at)],
    ["Enqueued", dateTime(task.created_at)],
  ];
  if (task.unique_key !== null) facts.push(["Unique key", <code key="key">{task.unique_key}</code>]);
  if (task.crash_count > 0) facts.push(["Crashes", `${task.crash_count} of its workers`]);
  return (
    <dl className={styles.facts}>
      {facts.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}
    </dl>
  );
}
