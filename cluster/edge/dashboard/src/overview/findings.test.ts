import { expect, test } from "vitest";
import type { Database, Stats } from "../api/types";
import { worker } from "../workers/worker.fixture";
import { findingsOf } from "./findings";

const NOW = Date.parse("2026-11-22T12:00:05Z");

function stats(change: Partial<Stats>): Stats {
  return { pending: 0, workers: [worker()], ...change } as Stats;
}

function textsOf(told: Stats, database?: Database): string[] {
  return findingsOf(told, database, NOW).map((finding) => finding.text);
}

test("nothing is said while all is well, or while nothing is known", () => {
  expect(textsOf(stats({}))).toEqual([]);
  expect(findingsOf(undefined, undefined, NOW)).toEqual([]);
});

test("without a worker it is said how many tasks wait for one", () => {
  expect(textsOf(stats({ workers: [], pending: 12 }))).toEqual(["12 tasks wait, and no worker is alive."]);
  expect(textsOf(stats({ workers: [] }))).toEqual(["No worker is alive."]);
});

test("a worker that is late or silent is named", () => {
  const workers = [
    worker({ name: "worker-7", loop_lag_seconds: 1.44 }),
    worker({ name: "worker-8", last_heartbeat: "2026-11-22T11:59:53Z" }),
  ];
  expect(textsOf(stats({ workers }))).toEqual([
    "The event loop of worker-7 is 1.4 s late: a task blocks it.",
    "worker-8 has not been heard for 12 s.",
  ]);
});

test("what is bad comes before what is only a warning", () => {
  const database = {
    findings: [
      { level: "warn", text: "many connections", advice: "" },
      { level: "bad", text: "fsync is off", advice: "" },
    ],
  } as unknown as Database;
  expect(textsOf(stats({ workers: [] }), database)).toEqual(["No worker is alive.", "fsync is off", "many connections"]);
});
