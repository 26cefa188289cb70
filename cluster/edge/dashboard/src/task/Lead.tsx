import type { Task } from "../api/types";
import { CopyButton } from "../parts/CopyButton";
import { lookOf } from "../parts/states";
import { StatusBadge } from "../parts/StatusBadge";
import styles from "./Task.module.css";

/** The state in a word and in a sentence, and the id in full. */
export function Lead({ task }: { task: Task }) {
  return (
    <span className={styles.lead}>
      <span>
        <StatusBadge state={task.state} />
        <span role="status">{lookOf(task.state).meaning}</span>
      </span>
      <span>
        <code className={styles.id}>{task.id}</code>
        <CopyButton text={task.id} label="Copy id" />
      </span>
    </span>
  );
}
