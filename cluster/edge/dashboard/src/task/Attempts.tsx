import type { Task } from "../api/types";
import { NOTHING, preciseTime } from "../parts/formats";
import { Icon } from "../parts/Icon";
import { gistOf } from "../tasks/TaskName";
import { type Entry, entriesOf } from "./attemptList";
import styles from "./Task.module.css";

/** What became of each attempt, the latest first, with its error. */
export function Attempts({ task }: { task: Task }) {
  const entries = entriesOf(task);
  if (entries.length === 0) return <p className={styles.quiet}>No attempt has begun.</p>;
  return (
    <ol className={styles.attempts} reversed>
      {entries.map((entry, index) => <AttemptLine key={entry.key} entry={entry} open={index === 0} />)}
    </ol>
  );
}

function AttemptLine({ entry, open }: { entry: Entry; open: boolean }) {
  const { title, icon, tone, at, attempt, worker, error, note } = entry;
  return (
    <li className={styles.attempt}>
      <span className={styles.outcome} data-tone={tone}><Icon name={icon} size={14} /></span>
      <div className={styles.told}>
        <p>
          <strong>{title}</strong>
          <span className={styles.quiet}>
            {attempt !== null && attempt > 0 && ` · attempt ${attempt}`}
            {worker !== null && <> · <code>{worker}</code></>}
          </span>
        </p>
        {note && <p className={styles.quiet}>{note}</p>}
        {error && <div data-tone={tone}><ErrorText error={error} open={open} /></div>}
      </div>
      <time className={styles.moment} dateTime={at ?? undefined}>{at === null ? NOTHING : preciseTime(at)}</time>
    </li>
  );
}

/** One line as it is; a traceback behind its last line, which says what happened. */
function ErrorText({ error, open }: { error: string; open: boolean }) {
  if (!error.trim().includes("\n")) return <p className={styles.error}>{error}</p>;
  return (
    <details open={open}>
      <summary className={styles.error}>{gistOf(error)}</summary>
      {/* Long lines scroll, so the keyboard must reach them. */}
      <pre className={styles.traceback} tabIndex={0} role="region" aria-label="Traceback">{error}</pre>
    </details>
  );
}
