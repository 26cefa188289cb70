import type { ReactNode } from "react";
import type { Task } from "../api/types";
import { NOTHING } from "../parts/formats";
import { StatusBadge } from "../parts/StatusBadge";
import { TimeAgo } from "../parts/TimeAgo";
import { RunTime } from "./RunTime";
import styles from "./Tasks.module.css";
import { TaskName } from "./TaskName";

export interface Column {
  id: "state" | "task" | "queue" | "due" | "time" | "attempt" | "worker";
  title: string;
  /** The narrowest table that has room for it. */
  from: "phone" | "tablet" | "desk";
  cell: (task: Task) => ReactNode;
}

export const COLUMNS: readonly Column[] = [
  { id: "state", title: "State", from: "phone", cell: ({ state }) => <StatusBadge state={state} /> },
  { id: "task", title: "Task", from: "phone", cell: (task) => <TaskName task={task} /> },
  { id: "queue", title: "Queue", from: "desk", cell: ({ queue }) => queue },
  { id: "due", title: "Due", from: "tablet", cell: ({ scheduled_at }) => <TimeAgo at={scheduled_at} /> },
  { id: "time", title: "Time", from: "phone", cell: (task) => <RunTime task={task} /> },
  { id: "attempt", title: "Attempt", from: "desk", cell: attempts },
  { id: "worker", title: "Worker", from: "tablet", cell: ({ worker_id }) => <span className={styles.mono}>{worker_id ?? NOTHING}</span> },
];

function attempts({ attempt, max_attempts }: Task): string {
  if (attempt === 0) return NOTHING;
  return max_attempts === null ? String(attempt) : `${attempt} of ${max_attempts}`;
}
