import { expect, test } from "vitest";
import type { Task } from "../api/types";
import { settled, whereabouts } from "./whereabouts";

const DEAD = "worker-2-aa";

function task(state: string, worker_id: string | null = null): Task {
  return { state, worker_id } as Task;
}

test("it is said of all of them where they are", () => {
  const tasks = [
    task("running", DEAD), task("ready"), task("isolated"), task("running", "worker-1-aa"), task("leased", "worker-1-aa"),
    task("complete", "worker-1-aa"), task("dead", "worker-1-aa"),
  ];
  expect(whereabouts(tasks, DEAD)).toBe(
    "1 task not rescued yet, 2 wait for a slot, 2 run on another worker, 1 is completed, 1 has ended without success",
  );
});

test("they are followed until all of them have ended", () => {
  expect(settled([task("complete"), task("quarantined")])).toBe(true);
  expect(settled([task("complete"), task("running")])).toBe(false);
});
