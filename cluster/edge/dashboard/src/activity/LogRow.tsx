import { memo } from "react";
import { Link } from "wouter";
import type { Row } from "../live/log";
import { dateTime, plural, preciseTime, shortId } from "../parts/formats";
import { Icon } from "../parts/Icon";
import { eventLook } from "./events";
import styles from "./LogRow.module.css";

/** One event, or what is missing between two. */
export const LogRow = memo(function LogRow({ row }: { row: Row }) {
  if (row.kind === "gap") return <p className={styles.gap}>{gapText(row.lost)}</p>;
  const { event, msg, timestamp, task_id: taskId, worker_id: workerId } = row.event;
  const look = eventLook(event);
  return (
    <div className={styles.row}>
      <time className={styles.time} dateTime={timestamp} title={dateTime(timestamp)}>{preciseTime(timestamp)}</time>
      <span className={styles.event} data-tone={look.tone}><Icon name={look.icon} size={13} />{event}</span>
      <span className={styles.msg} title={msg}>{msg}</span>
      <span className={styles.ids}>
        {taskId ? <Link href={`/tasks/${taskId}`} title={`task ${taskId}`}>{shortId(taskId)}</Link> : workerId}
      </span>
    </div>
  );
});

function gapText(lost: number | null): string {
  const what = lost === null ? "Events are missing here: the server began anew" : `${plural(lost, "event is", "events are")} missing here`;
  return `${what}. The tasks themselves are complete; only this log has a gap.`;
}
