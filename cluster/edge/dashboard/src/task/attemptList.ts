import type { Attempt, Task } from "../api/types";
import type { IconName } from "../parts/Icon";
import type { Tone } from "../parts/states";

/** One line of what befell a task. `error`: a message or a traceback. */
export interface Entry {
  readonly key: string;
  readonly title: string;
  readonly icon: IconName;
  readonly tone: Tone;
  readonly at: string | null;
  readonly attempt: number | null;
  readonly worker: string | null;
  readonly error: string | null;
  readonly note: string;
}

const LOOKS: Readonly<Record<string, [title: string, icon: IconName, tone: Tone, note: string]>> = {
  failed: ["Failed", "cross", "failed", ""],
  dead: ["Failed for the last time", "cross", "failed", ""],
  crashed: ["Its worker crashed", "warning", "failed", "The attempt does not count; a task that keeps crashing workers runs alone, then not at all."],
  rescued: ["Its worker was lost", "refresh", "parked", "The attempt does not count; the task was brought back."],
  stale: ["A stale outcome was refused", "ban", "cancelled", "It came when its lease had ended, and another one may have run: it changed nothing."],
  cancelled: ["Cancelled", "ban", "cancelled", ""],
  retried: ["Run again by hand", "refresh", "pending", ""],
  quarantined: ["Put in quarantine", "shield", "quarantined", ""],
  complete: ["Completed", "check", "completed", ""],
  running: ["Running", "play", "running", ""],
  leased: ["With a worker", "arrow", "pending", ""],
};

/** What befell the task, the latest first: the attempt it is in or ended with, and what the trail keeps of the others. */
export function entriesOf(task: Task): Entry[] {
  const trail = task.attempts ?? [];
  // What was cancelled while it was held stands in the trail as well as in the row.
  const told = task.state === "cancelled" && trail.at(-1)?.outcome === "cancelled" ? trail.slice(0, -1) : trail;
  const earlier = told.map((attempt, index) => ofTrail(attempt, index)).reverse();
  const present = presentOf(task);
  return present ? [present, ...earlier] : earlier;
}

function ofTrail({ at, outcome, attempt, worker_id, error }: Attempt, index: number): Entry {
  // All that is said of it is that it was done by hand.
  const said = outcome === "retried" ? null : error;
  return entry(outcome, { key: `trail-${index}`, at, attempt, worker: worker_id, error: said });
}

/** null while it waits: then nothing has begun that is not in the trail. */
function presentOf(task: Task): Entry | null {
  const ended = task.completed_at ?? task.failed_at ?? task.cancelled_at;
  if (ended === null && task.picked_at === null) return null;
  const { state, attempt, worker_id: worker, error } = task;
  return entry(state, { key: "present", at: ended ?? task.started_at ?? task.picked_at, attempt, worker, error });
}

function entry(outcome: string, facts: Pick<Entry, "key" | "at" | "attempt" | "worker" | "error">): Entry {
  const [title, icon, tone, note] = LOOKS[outcome] ?? [outcome, "info", "cancelled", ""];
  return { ...facts, title, icon, tone, note };
}
