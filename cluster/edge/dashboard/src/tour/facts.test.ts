import { expect, test } from "vitest";
import type { Task } from "../api/types";
import { worker } from "../workers/worker.fixture";
import { afterKill, mostAtOnce, openSlots, ranAgain, tally } from "./facts";

function ran(from: number, to: number | null): Task {
  const at = (second: number) => new Date(second * 1_000).toISOString();
  return { started_at: at(from), completed_at: to === null ? null : at(to), failed_at: null } as Task;
}

function task(id: string, state: string, worker_id: string | null = null): Task {
  return { id, state, worker_id } as Task;
}

test("how many ran at once is told from when they ran, not from who was looking", () => {
  expect(mostAtOnce([ran(0, 5), ran(1, 5), ran(4, 9), ran(6, null)])).toBe(3);
});

test("one that begins as another ends takes its slot", () => {
  expect(mostAtOnce([ran(0, 5), ran(5, 10)])).toBe(1);
});

test("what has not begun runs not", () => {
  expect(mostAtOnce([{ started_at: null } as Task])).toBe(0);
});

test("each task is counted in one place", () => {
  const tasks = ["scheduled", "ready", "leased", "running", "complete", "dead", "cancelled"].map((state) => task(state, state));
  expect(tally(tasks)).toEqual({ waiting: 3, running: 1, completed: 1, unsuccessful: 2 });
});

test("a worker that drains has no room", () => {
  expect(openSlots([worker({ slots: 5 }), worker({ slots: 5, status: "draining" })])).toBe(5);
});

test("the tasks of a killed worker are found again, or had ended before", () => {
  const tasks = [task("a", "running", "new"), task("b", "running", "dead"), task("c", "complete", "dead"), task("d", "complete", "new")];
  expect(afterKill(tasks, ["a", "b", "c"], "dead")).toEqual({ again: 1, done: 1, of: 3 });
  expect(ranAgain(tasks, ["c", "d"], "dead").map(({ id }) => id)).toEqual(["d"]);
});
