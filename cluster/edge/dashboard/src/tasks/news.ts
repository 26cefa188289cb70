import type { Event, Status, Task } from "../api/types";

/** What a table knows of the tasks that events spoke of since its last answer from the server. */
export interface News {
  readonly rows: readonly Task[];
  /** Whether any row is another one now. */
  readonly changed: boolean;
}

type Facts = Partial<Task>;
type Change = (at: string, worker: string | null) => Facts;

const ENDED = { progress: null, progress_message: null };
const UNLEASED = { ...ENDED, worker_id: null, picked_at: null, started_at: null };
const FINAL: readonly string[] = ["complete", "failed", "dead", "cancelled", "quarantined"];

/** What each event says of its task; of other events a row has nothing to learn. */
const CHANGES: Readonly<Record<string, Change>> = {
  task_assigned: (at, worker) => ({ ...state("leased", "QUEUED"), picked_at: at, worker_id: worker }),
  task_started: (at, worker) => ({ ...state("running", "STARTED"), started_at: at, worker_id: worker }),
  task_completed: (at) => ({ ...state("complete", "COMPLETE"), ...ENDED, completed_at: at }),
  task_failed: (at) => ({ ...state("failed", "FAILED"), ...ENDED, failed_at: at }),
  task_quarantined: (at) => ({ ...state("quarantined", "FAILED"), ...ENDED, failed_at: at }),
  task_cancelled: (at) => ({ ...state("cancelled", "CANCELLED"), ...ENDED, cancelled_at: at }),
  task_retried: () => ({ ...state("scheduled", "QUEUED"), ...UNLEASED, failed_at: null, cancelled_at: null }),
  task_released: () => ({ ...state("ready", "QUEUED"), ...UNLEASED }),
  task_rescued: () => ({ ...state("ready", "QUEUED"), ...UNLEASED }),
  task_isolated: () => ({ ...state("isolated", "QUEUED"), ...UNLEASED }),
  task_parked: () => ({ ...state("parked", "QUEUED"), ...UNLEASED }),
};
const PROGRESS = / is at (\d+)%(?:: (.*))?$/s;

/**
 * The rows with what events say of them, so that colours move when things happen and not when somebody asks again.
 *
 * The server's answer stays the truth: it comes a moment later and knows more (the attempt, the error, the next due
 * time). Rows that nothing was said of are the same objects, so they are not drawn again.
 */
export function withNews(rows: readonly Task[], events: readonly Event[]): News {
  const told = byTask(events);
  if (told.size === 0) return { rows, changed: false };
  const now = rows.map((row) => (told.get(row.id) ?? []).reduce(patched, row));
  const changed = now.some((row, index) => row !== rows[index]);
  return { rows: changed ? now : rows, changed };
}

function byTask(events: readonly Event[]): Map<string, Event[]> {
  const told = new Map<string, Event[]>();
  for (const event of events) {
    if (!event.task_id || !(event.event in CHANGES || event.event === "task_progress")) continue;
    const earlier = told.get(event.task_id);
    if (earlier) earlier.push(event);
    else told.set(event.task_id, [event]);
  }
  return told;
}

function patched(row: Task, event: Event): Task {
  if (isOld(row, event)) return row;
  if (event.event === "task_progress") return { ...row, ...progressOf(event.msg) };
  const change = CHANGES[event.event];
  return change ? { ...row, ...change(event.timestamp, event.worker_id ?? null) } : row;
}

/** The backlog speaks of what the row knows already, and what is finished only comes back when it is tried again. */
function isOld(row: Task, event: Event): boolean {
  const times = [row.picked_at, row.started_at, row.completed_at, row.failed_at, row.cancelled_at];
  const known = times.filter((time) => time !== null).map((time) => Date.parse(time));
  const at = Date.parse(event.timestamp);
  if (FINAL.includes(row.state)) return event.event !== "task_retried" || at < Math.max(...known);
  return at < Math.max(Date.parse(row.created_at), ...known);
}

function progressOf(msg: string): Facts {
  const [, percent, message] = PROGRESS.exec(msg) ?? [];
  return percent === undefined ? {} : { progress: Number(percent) / 100, progress_message: message ?? null };
}

function state(name: string, status: Status): Facts {
  return { state: name, status };
}
