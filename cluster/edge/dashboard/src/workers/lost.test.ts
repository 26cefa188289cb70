import { expect, test } from "vitest";
import { withLost } from "./lost";
import { worker } from "./worker.fixture";

const busy = worker({ worker_id: "worker-2-aa", name: "worker-2", current_task_ids: ["x", "y"] });
const idle = worker({ worker_id: "worker-3-aa", name: "worker-3" });

test("a worker that vanished with tasks is remembered with them, though one of its name is there again", () => {
  const reborn = worker({ worker_id: "worker-2-bb", name: "worker-2" });
  const [lost, ...others] = withLost([], [busy, idle], [reborn, idle]);
  expect(lost).toMatchObject({ worker: { worker_id: "worker-2-aa", name: "worker-2" }, taskIds: ["x", "y"] });
  expect(others).toEqual([]);
});

test("one that left with empty hands is no loss", () => {
  expect(withLost([], [busy, idle], [busy])).toEqual([]);
});

test("only the last losses are remembered", () => {
  let losses = withLost([], [], []);
  for (const name of ["a", "b", "c", "d"]) losses = withLost(losses, [worker({ worker_id: name, current_task_ids: ["x"] })], []);
  expect(losses.map((lost) => lost.worker.worker_id)).toEqual(["b", "c", "d"]);
});
