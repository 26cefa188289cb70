import { Link } from "wouter";
import type { Task } from "../api/types";
import { shortId } from "../parts/formats";
import styles from "./Tasks.module.css";

/** Which task it is, and the gist of what went wrong with it. */
export function TaskName({ task }: { task: Task }) {
  const gist = task.error === null ? null : gistOf(task.error);
  return (
    <>
      <Link href={`/tasks/${task.id}`} className={styles.name ?? ""} data-focus="open">{task.command}</Link>
      <span className={styles.beneath}>
        <code title={task.id}>{shortId(task.id)}</code>
        {gist && <span className={styles.gist} data-failed={task.status === "FAILED" || undefined} title={gist}>{gist}</span>}
      </span>
    </>
  );
}

/** The last line of a traceback says what happened. */
export function gistOf(error: string): string {
  return error.trimEnd().split("\n").at(-1)?.trim() ?? "";
}
