import type { Task } from "../api/types";
import { plural } from "../parts/formats";

const FINISHED = new Set(["complete", "failed", "dead", "cancelled", "quarantined"]);

/** Whether everything there is to see has been seen. */
export function settled(tasks: readonly Task[]): boolean {
  return tasks.every((task) => FINISHED.has(task.state));
}

/** Where the tasks of a lost worker are now: "3 run elsewhere, 2 wait for a slot". */
export function whereabouts(tasks: readonly Task[], lostWorkerId: string): string {
  const counted = new Map<string, number>();
  for (const task of tasks) {
    const place = placeOf(task, lostWorkerId);
    counted.set(place, (counted.get(place) ?? 0) + 1);
  }
  const told = PLACES.filter(([place]) => counted.has(place)).map(([place, words]) => words(counted.get(place) ?? 0));
  return told.join(", ") || "nothing is known of them";
}

type Place = "held" | "waits" | "runs" | "done" | "failed";

const PLACES: readonly [Place, (count: number) => string][] = [
  ["held", (count) => `${plural(count, "task")} not rescued yet`],
  ["waits", (count) => `${plural(count, "waits", "wait")} for a slot`],
  ["runs", (count) => `${plural(count, "runs", "run")} on another worker`],
  ["done", (count) => `${plural(count, "is", "are")} completed`],
  ["failed", (count) => `${plural(count, "has", "have")} ended without success`],
];

function placeOf(task: Task, lostWorkerId: string): Place {
  if (task.state === "complete") return "done";
  if (FINISHED.has(task.state)) return "failed";
  if (task.state !== "running" && task.state !== "leased") return "waits";
  return task.worker_id === lostWorkerId ? "held" : "runs";
}
