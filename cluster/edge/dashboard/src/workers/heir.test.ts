import { expect, test } from "vitest";
import { heirOf } from "./heir";
import { worker } from "./worker.fixture";

const LIST = ["worker-1", "worker-3", "worker-10"].map((name) => worker({ name, worker_id: name }));

test("what a worker leaves goes to the next one, as the list is ordered, and after the last one to the one before", () => {
  expect(["worker-2", "worker-4", "worker-11"].map((name) => LIST[heirOf(name, LIST)]?.name)).toEqual(["worker-3", "worker-10", "worker-10"]);
});

test("a worker that took its place is there by the same name", () => {
  expect(heirOf("worker-1", LIST)).toBe(0);
});

test("nobody takes over where nobody is left", () => {
  expect(heirOf("worker-1", [])).toBe(-1);
});
