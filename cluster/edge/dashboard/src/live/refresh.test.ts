import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Event } from "../api/types";
import { event } from "./event.fixture";
import type { Live } from "./live";
import { Refresher, touchedBy } from "./refresh";

beforeEach(() => { vi.useFakeTimers(); });
afterEach(() => { vi.useRealTimers(); });

/** A stream that tells what the test says. */
function stage() {
  const batches: ((events: readonly Event[]) => void)[] = [];
  const changes: (() => void)[] = [];
  const live = {
    connection: { phase: "live" },
    onBatch: (listener: (typeof batches)[number]) => { batches.push(listener); return () => undefined; },
    subscribe: (listener: (typeof changes)[number]) => { changes.push(listener); return () => undefined; },
  };
  const cache = new QueryClient();
  new Refresher(cache).watch(live as unknown as Live);
  return {
    cache,
    tell: (...events: Event[]) => { for (const listener of batches) listener(events); },
    enter: (phase: string) => { live.connection = { phase }; for (const listener of changes) listener(); },
  };
}

/** How often a query that is on the screen was asked. */
async function watched(cache: QueryClient, queryKey: string[], takes = 0) {
  const queryFn = vi.fn(() => new Promise((resolve) => { setTimeout(resolve, takes, "answer"); }));
  new QueryObserver(cache, { queryKey, queryFn }).subscribe(() => undefined);
  await vi.advanceTimersByTimeAsync(takes);
  queryFn.mockClear();
  return queryFn;
}

test("events of tasks touch what tells of tasks, those of workers what tells of workers", () => {
  expect([...touchedBy([event({ event: "task_failed", task_id: "x" })]).topics]).toEqual(["stats", "workers", "tasks", "task"]);
  expect(touchedBy([event({ event: "worker_online" })]).topics.has("commands")).toBe(true);
});

test("a single task is asked for again when it is named, or when sums are all that is told", async () => {
  const { cache, tell } = stage();
  const asked = await watched(cache, ["task", "mine"]);
  tell(event({ task_id: "another" }));
  await vi.advanceTimersByTimeAsync(3_000);
  expect(asked).toHaveBeenCalledTimes(0);
  tell(event({ task_id: "mine" }));
  await vi.advanceTimersByTimeAsync(3_000);
  expect(asked).toHaveBeenCalledTimes(1);
  tell(event({ event: "tasks_summary" }));
  await vi.advanceTimersByTimeAsync(3_000);
  expect(asked).toHaveBeenCalledTimes(2);
});

test("a flood of events asks every two seconds, not per event", async () => {
  const { cache, tell } = stage();
  const asked = await watched(cache, ["stats"]);
  const many = Array.from({ length: 500 }, () => event({ task_id: "x" }));
  for (let passed = 0; passed < 10_000; passed += 250) {
    tell(...many);
    await vi.advanceTimersByTimeAsync(250);
  }
  expect(asked.mock.calls.length).toBeGreaterThanOrEqual(4);
  expect(asked.mock.calls.length).toBeLessThanOrEqual(6);
});

test("what was touched while an answer was on its way is asked for once more", async () => {
  const { cache, tell } = stage();
  const asked = await watched(cache, ["stats"], 400);
  tell(event({ task_id: "x" }));
  await vi.advanceTimersByTimeAsync(1_000);
  tell(event({ task_id: "x" }));
  await vi.advanceTimersByTimeAsync(200);
  tell(event({ task_id: "x" }));
  await vi.advanceTimersByTimeAsync(5_000);
  expect(asked).toHaveBeenCalledTimes(3);
});

test("after the stream was lost everything on the screen is asked for again", async () => {
  const { cache, enter } = stage();
  const asked = await watched(cache, ["history", "60"]);
  enter("lost");
  enter("live");
  await vi.advanceTimersByTimeAsync(10);
  expect(asked).toHaveBeenCalledTimes(1);
});
