import type { Attempt, Task } from "../api/types";

/** What a task did, or waited for, in one stretch of its life. */
export type Phase = "scheduled" | "ready" | "parked" | "isolated" | "paused" | "leased" | "running" | "backoff" | "earlier";

/** From `from` to `to`, both milliseconds since the epoch. `open`: it still goes on, `to` is now. */
export interface Span {
  readonly phase: Phase;
  readonly from: number;
  readonly to: number;
  readonly open: boolean;
  /** How an earlier attempt ended; only of `earlier`. */
  readonly attempt: Attempt | null;
}

/**
 * The life of a task as stretches without gaps, from when it was enqueued to its end or to `now`.
 *
 * A row keeps the times of its last lease only; of earlier attempts it knows when they ended, so each of these is one
 * stretch in which the task waited and ran. What came of a lease after it was given is not an earlier attempt.
 */
export function timelineOf(task: Task, now: number): Span[] {
  const end = finishedAt(task);
  const earlier = earlierAttempts(task);
  const line = new Line(instant(task.created_at), end === null, end ?? Math.max(now, instant(task.created_at)));
  for (const attempt of earlier) line.until("earlier", instant(attempt.at), attempt);
  if (instant(task.scheduled_at) > line.reached) {
    line.until(earlier.at(-1)?.outcome === "failed" ? "backoff" : "scheduled", instant(task.scheduled_at));
  }
  line.until(waitingPhase(task), time(task.picked_at));
  line.until("leased", startedAt(task));
  line.until("running", null);
  return line.spans;
}

/** Milliseconds since the epoch at which it ended, whichever way; null while it has not. */
export function finishedAt(task: Task): number | null {
  return time(task.completed_at ?? task.failed_at ?? task.cancelled_at);
}

/** Milliseconds that it has run, or ran at last; null if it never began. */
export function ranFor(task: Task, now: number): number | null {
  const started = startedAt(task);
  return started === null ? null : Math.max(0, (finishedAt(task) ?? now) - started);
}

/** Outcomes that were refused, because the lease they spoke of had ended. */
export function staleOutcomes(task: Task): Attempt[] {
  return (task.attempts ?? []).filter((one) => one.outcome === "stale");
}

/** What completed too soon for its start to be noted began when it was leased. */
function startedAt(task: Task): number | null {
  return time(task.started_at ?? (task.state === "complete" ? task.picked_at : null));
}

function earlierAttempts(task: Task): Attempt[] {
  const picked = time(task.picked_at);
  const ended = (task.attempts ?? []).filter((one) => one.outcome !== "stale" && one.outcome !== "retried");
  return ended.filter((one) => picked === null || instant(one.at) <= picked);
}

function waitingPhase(task: Task): Phase {
  if (task.state === "parked" || task.state === "isolated" || task.state === "paused") return task.state;
  return "ready";
}

/** Stretches put one behind the other. State: those so far, where the last one ended, and whether it is the last. */
class Line {
  readonly spans: Span[] = [];
  reached: number;
  private complete = false;
  private readonly unfinished: boolean;
  private readonly end: number;

  constructor(from: number, unfinished: boolean, end: number) {
    this.reached = from;
    this.unfinished = unfinished;
    this.end = end;
  }

  /** `to`: null if it has not happened, so that this stretch goes on to the end. What took no time is left out. */
  until(phase: Phase, to: number | null, attempt: Attempt | null = null): void {
    if (this.complete) return;
    this.complete = to === null || to > this.end;
    const reached = Math.max(this.reached, this.complete ? this.end : (to ?? this.end));
    const open = this.complete && this.unfinished;
    if (reached > this.reached || open) this.spans.push({ phase, from: this.reached, to: reached, open, attempt });
    this.reached = reached;
  }
}

function instant(text: string): number {
  return Date.parse(text);
}

function time(text: string | null): number | null {
  return text === null ? null : instant(text);
}
