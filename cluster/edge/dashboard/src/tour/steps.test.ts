import { expect, test } from "vitest";
import type { Task } from "../api/types";
import { worker } from "../workers/worker.fixture";
import type { Facts } from "./facts";
import { BEGINNING, type Memory } from "./memory";
import { type Seen, type StepId, STEPS } from "./steps";

function tasks(count: number, state: string, worker_id = "w"): Task[] {
  const begun = state === "ready" ? null : "2026-11-22T12:00:00Z";
  const ended = state === "complete" ? "2026-11-22T12:00:05Z" : null;
  return Array.from({ length: count }, (_, index) => ({
    id: `${state}-${index}`, state, worker_id, started_at: begun, completed_at: ended, failed_at: null,
  }) as Task);
}

function seen(id: StepId, facts: Partial<Facts>, memory: Partial<Memory> = {}): Seen | undefined {
  const step = STEPS.find((one) => one.id === id);
  return step?.seen({ tasks: [], workers: [], ...facts }, { ...BEGINNING, ...memory });
}

function idsOf(all: readonly Task[]): string[] {
  return all.map((task) => task.id);
}

test("tasks are posted once all of them are found", () => {
  const taskIds = idsOf(tasks(50, "ready"));
  expect(seen("post", { tasks: tasks(49, "ready") }, { taskIds })?.done).toBe(false);
  expect(seen("post", { tasks: tasks(50, "ready") }, { taskIds })?.done).toBe(true);
});

test("concurrency is seen when every slot is filled", () => {
  const workers = [worker(), worker({ name: "worker-2" })];
  expect(seen("watch", { workers, tasks: [...tasks(9, "running"), ...tasks(41, "ready")] })?.done).toBe(false);
  const full = seen("watch", { workers, tasks: [...tasks(10, "running"), ...tasks(40, "ready")] });
  expect(full).toEqual({ done: true, told: "Up to 10 tasks ran at once, for there are 10 slots." });
});

test("it is seen even if they are over before anybody looks", () => {
  expect(seen("watch", { workers: [worker({ slots: 60 })], tasks: tasks(50, "complete") })?.done).toBe(true);
});

test("scaling down is seen when who had to leave has left", () => {
  const leaving = worker({ name: "worker-2", status: "draining" });
  const underWay = seen("down", { workers: [worker(), leaving] });
  expect(underWay).toEqual({ done: false, told: "1 worker is online, 1 finishes what it runs: 5 slots in all." });
  expect(seen("down", { workers: [worker()] })?.done).toBe(true);
});

test("scaling up is seen when all are online", () => {
  const five = Array.from({ length: 5 }, (_, index) => worker({ name: `worker-${index}` }));
  expect(seen("up", { workers: five.slice(1) })?.done).toBe(false);
  expect(seen("up", { workers: five })).toEqual({ done: true, told: "5 workers are online: 25 slots in all." });
});

test("after a kill each of its tasks has to be found elsewhere", () => {
  const held = tasks(3, "running", "dead");
  const killed = { workerId: "dead", name: "worker-4", taskIds: idsOf(held) };
  expect(seen("kill", { tasks: held }, { killed })?.told).toContain("0 of them found another worker");
  expect(seen("kill", { tasks: tasks(3, "running", "alive") }, { killed })?.done).toBe(true);
});

test("nothing is lost when as many are completed as were posted, and it says how many ran twice", () => {
  const all = tasks(50, "complete", "alive");
  const taskIds = idsOf(all);
  const killed = { workerId: "dead", name: "worker-4", taskIds: taskIds.slice(0, 5) };
  expect(seen("whole", { tasks: all.slice(1) }, { taskIds, killed })?.done).toBe(false);
  expect(seen("whole", { tasks: all }, { taskIds, killed })?.told).toBe(
    "50 posted, 50 completed, 0 lost. 5 were begun a second time, after the kill.",
  );
});

test("every step points at a page, and the last one at a task that outlived its worker", () => {
  for (const step of STEPS) expect(step.lookAt(BEGINNING).href).toMatch(/^\//);
  const killed = { workerId: "dead", name: "worker-4", taskIds: ["a"] };
  expect(STEPS.at(-1)?.lookAt({ ...BEGINNING, killed }).href).toBe("/tasks/a");
});
