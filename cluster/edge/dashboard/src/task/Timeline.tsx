import type { Task } from "../api/types";
import { dateTime, duration, preciseTime } from "../parts/formats";
import { useNow } from "../parts/now";
import { Progress } from "../parts/Progress";
import { lookOf } from "../parts/states";
import { phaseOf } from "./phases";
import styles from "./Task.module.css";
import { finishedAt, ranFor, type Span, timelineOf } from "./timeline";

/** From when it was enqueued to its end, or to now: a bar to scale, and the same as a list with times. */
export function Timeline({ task }: { task: Task }) {
  const now = useNow();
  const spans = timelineOf(task, now);
  const ended = finishedAt(task);
  const total = spans.reduce((sum, { from, to }) => sum + to - from, 0);
  return (
    <div className={styles.timeline}>
      <p className={styles.total}>{totalOf(task, total, ranFor(task, now))}</p>
      {task.progress !== null && (
        <div className={styles.doing}>
          <Progress done={task.progress} message={null} />
          {task.progress_message !== null && <p>{task.progress_message}</p>}
        </div>
      )}
      <div className={styles.bar} aria-hidden="true">
        {spans.map((span, index) => (
          <span key={index} data-tone={phaseOf(span).tone} data-open={span.open || undefined} style={{ flexGrow: span.to - span.from }} />
        ))}
      </div>
      <ol className={styles.spans}>
        {spans.map((span, index) => <SpanLine key={index} span={span} />)}
        {ended !== null && (
          <li className={styles.span}>
            <span className={styles.swatch} data-tone={lookOf(task.state).tone} data-end="" />
            <strong>{lookOf(task.state).label}</strong>
            <Moment at={ended} />
          </li>
        )}
      </ol>
    </div>
  );
}

function SpanLine({ span }: { span: Span }) {
  const { label, tone } = phaseOf(span);
  const length = span.to - span.from;
  return (
    <li className={styles.span}>
      <span className={styles.swatch} data-tone={tone} />
      <span>{label}</span>
      <Moment at={span.from} />
      <span className={styles.length}>{span.open ? `${duration(Math.floor(length / 1000) * 1000)} so far` : duration(length)}</span>
    </li>
  );
}

function Moment({ at }: { at: number }) {
  return <time className={styles.moment} dateTime={new Date(at).toISOString()} title={dateTime(at)}>{preciseTime(at)}</time>;
}

function totalOf(task: Task, total: number, ran: number | null): string {
  if (finishedAt(task) === null) return `${duration(Math.floor(total / 1000) * 1000)} since it was enqueued`;
  const whole = `${duration(total)} from enqueued to ${lookOf(task.state).label.toLowerCase()}`;
  return ran === null ? whole : `${whole}, ${duration(ran)} of it running`;
}
