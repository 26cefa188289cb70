import { expect, test } from "vitest";
import { wordsOf } from "./ending";
import { worker } from "./worker.fixture";

test("before a kill it is said what becomes of the tasks", () => {
  const words = wordsOf({ way: "kill", worker: worker({ name: "worker-2", running: 3 }) });
  expect(words.question).toBe("Kill worker-2?");
  expect(words.consequences.join(" ")).toContain("The 3 tasks it holds are rescued and run again, on other workers");
});

test("a worker with empty hands loses nothing", () => {
  expect(wordsOf({ way: "kill", worker: worker() }).consequences.join(" ")).toContain("nothing has to be run again");
  expect(wordsOf({ way: "drain", worker: worker() }).consequences.join(" ")).toContain("ends right away");
});

test("before a drain it is said that nothing is interrupted", () => {
  const words = wordsOf({ way: "drain", worker: worker({ name: "worker-2", running: 1 }) });
  expect(words.consequences.join(" ")).toContain("It finishes what it runs of the 1 task it holds");
});
