/** What the tour observes: its tasks and the workers, as the API tells them. Pure. */
import type { Task, Worker } from "../api/types";

export interface Facts {
  tasks: readonly Task[];
  /** Live ones, draining included. */
  workers: readonly Worker[];
}

const UNSUCCESSFUL = new Set(["failed", "dead", "cancelled", "quarantined"]);

export interface Tally {
  waiting: number;
  running: number;
  completed: number;
  /** Ended otherwise. */
  unsuccessful: number;
}

export function tally(tasks: readonly Task[]): Tally {
  const told: Tally = { waiting: 0, running: 0, completed: 0, unsuccessful: 0 };
  for (const { state } of tasks) {
    if (state === "complete") told.completed += 1;
    else if (state === "running") told.running += 1;
    else if (UNSUCCESSFUL.has(state)) told.unsuccessful += 1;
    else told.waiting += 1;
  }
  return told;
}

/** The most tasks that ever ran at one moment, from when each began and ended: true even if nobody was looking. */
export function mostAtOnce(tasks: readonly Task[]): number {
  const turns = tasks.flatMap(({ started_at: begun, completed_at: done, failed_at: failed }) => {
    if (begun === null) return [];
    const ended = done ?? failed;
    return [{ at: Date.parse(begun), by: 1 }, ...(ended === null ? [] : [{ at: Date.parse(ended), by: -1 }])];
  });
  // One that ends in the same millisecond in which another begins has made room for it.
  turns.sort((one, other) => one.at - other.at || one.by - other.by);
  let running = 0;
  let most = 0;
  for (const { by } of turns) {
    running += by;
    most = Math.max(most, running);
  }
  return most;
}

/** Slots of the workers that take tasks. */
export function openSlots(workers: readonly Worker[]): number {
  return workers.filter(isOnline).reduce((sum, worker) => sum + worker.slots, 0);
}

export function isOnline(worker: Worker): boolean {
  return worker.status === "online";
}

/** Where the tasks of a killed worker are: not rescued yet, waiting again, running elsewhere, or done. */
export function afterKill(tasks: readonly Task[], taskIds: readonly string[], killedId: string) {
  const theirs = tasks.filter((task) => taskIds.includes(task.id));
  const again = theirs.filter((task) => task.state === "running" && task.worker_id !== killedId).length;
  const done = theirs.filter((task) => task.state === "complete").length;
  return { again, done, of: taskIds.length };
}

/** The tasks that a killed worker held and that another one completed. */
export function ranAgain(tasks: readonly Task[], taskIds: readonly string[], killedId: string): Task[] {
  return tasks.filter((task) => task.state === "complete" && taskIds.includes(task.id) && task.worker_id !== killedId);
}
