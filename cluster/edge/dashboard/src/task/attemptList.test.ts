import { expect, it } from "vitest";
import { entriesOf } from "./attemptList";
import { at, attempt, task } from "./task.fixture";

it("a task that waits for the first time has no attempt", () => {
  expect(entriesOf(task())).toEqual([]);
});

it("the attempt it is in comes first, then the trail backwards", () => {
  const facts = { state: "running", picked_at: at(9), started_at: at(9), attempt: 2, worker_id: "w-2" };
  const entries = entriesOf(task({ ...facts, attempts: [attempt(3, "failed", { attempt: 1, error: "no" }), attempt(5, "stale")] }));
  expect(entries.map((one) => one.title)).toEqual(["Running", "A stale outcome was refused", "Failed"]);
  expect(entries[0]).toMatchObject({ attempt: 2, worker: "w-2", at: at(9) });
  expect(entries[2]).toMatchObject({ attempt: 1, error: "no", at: at(3) });
});

it("a task that ended ended with an attempt, and its error", () => {
  const [last] = entriesOf(task({ state: "dead", failed_at: at(9), error: "Traceback" }));
  expect(last).toMatchObject({ title: "Failed for the last time", error: "Traceback", at: at(9) });
});

it("an outcome that this page does not know yet is told by its name", () => {
  expect(entriesOf(task({ attempts: [attempt(1, "vanished")] }))[0]?.title).toBe("vanished");
});

it("a task that was cancelled while it was held was cancelled once", () => {
  const attempts = [attempt(1, "failed"), attempt(5, "cancelled")];
  const entries = entriesOf(task({ state: "cancelled", picked_at: at(3), cancelled_at: at(5), attempts }));
  expect(entries.map((one) => one.title)).toEqual(["Cancelled", "Failed"]);
});
