import { describe, expect, it } from "vitest";
import type { Task } from "../api/types";
import { at, attempt, task } from "./task.fixture";
import { ranFor, staleOutcomes, timelineOf } from "./timeline";

const NOW = Date.parse(at(100));

/** `phase:seconds`, with + behind what still goes on. */
function told(facts: Partial<Task>): string[] {
  return timelineOf(task(facts), NOW).map(
    ({ phase, from, to, open }) => `${phase}:${(to - from) / 1000}${open ? "+" : ""}`,
  );
}

describe("the timeline of a task", () => {
  it("that waits goes on until now", () => {
    expect(told({})).toEqual(["ready:100+"]);
  });

  it("that is not due waits for its time", () => {
    expect(told({ state: "scheduled", scheduled_at: at(300) })).toEqual(["scheduled:100+"]);
  });

  it("that has become due was scheduled first", () => {
    expect(told({ scheduled_at: at(30) })).toEqual(["scheduled:30", "ready:70+"]);
  });

  it("that completed says how long each state took", () => {
    const times = { scheduled_at: at(10), picked_at: at(12), started_at: at(12.5), completed_at: at(20) };
    expect(told({ ...times, state: "complete" })).toEqual(["scheduled:10", "ready:2", "leased:0.5", "running:7.5"]);
  });

  it("that runs is open at its end", () => {
    expect(told({ state: "running", picked_at: at(1), started_at: at(2) })).toEqual(["ready:1", "leased:1", "running:98+"]);
  });

  it("that completed before anybody noted its start ran from its lease on", () => {
    expect(told({ state: "complete", picked_at: at(1), completed_at: at(2) })).toEqual(["ready:1", "running:1"]);
  });

  it("that failed and waits to be tried again", () => {
    const facts = { state: "scheduled", scheduled_at: at(120), attempts: [attempt(40, "failed")] };
    expect(told(facts)).toEqual(["earlier:40", "backoff:60+"]);
  });

  it("has each earlier attempt, but no stale outcome and no order by hand", () => {
    const attempts = [attempt(5, "failed"), attempt(7, "stale"), attempt(9, "dead"), attempt(9, "retried")];
    const facts = { attempts, scheduled_at: at(9), picked_at: at(10), started_at: at(10), completed_at: at(12) };
    expect(told({ ...facts, state: "complete" })).toEqual(["earlier:5", "earlier:4", "ready:1", "running:2"]);
  });

  it("that was rescued is ready again at once, whatever its time was", () => {
    expect(told({ attempts: [attempt(50, "crashed")], scheduled_at: at(3) })).toEqual(["earlier:50", "ready:50+"]);
  });

  it("that was quarantined keeps the lease it crashed in", () => {
    const facts = { picked_at: at(3), started_at: at(4), failed_at: at(6), attempts: [attempt(6, "crashed")] };
    expect(told({ ...facts, state: "quarantined" })).toEqual(["ready:3", "leased:1", "running:2"]);
  });

  it("that was cancelled before its time ends there", () => {
    expect(told({ state: "cancelled", scheduled_at: at(500), cancelled_at: at(20) })).toEqual(["scheduled:20"]);
  });

  it("that no worker knows is parked", () => {
    expect(told({ state: "parked" })).toEqual(["parked:100+"]);
  });

  it("never ends before it began, whatever the clock of this machine says", () => {
    expect(timelineOf(task(), Date.parse(at(-60)))).toEqual([
      { phase: "ready", from: Date.parse(at(0)), to: Date.parse(at(0)), open: true, attempt: null },
    ]);
  });
});

it("running time ends with the task, and is none before its start", () => {
  expect(ranFor(task({ started_at: at(10) }), NOW)).toBe(90_000);
  expect(ranFor(task({ started_at: at(10), failed_at: at(11) }), NOW)).toBe(1_000);
  expect(ranFor(task(), NOW)).toBeNull();
});

it("stale outcomes are told apart", () => {
  const attempts = [attempt(1, "failed"), attempt(2, "stale")];
  expect(staleOutcomes(task({ attempts }))).toEqual([attempts[1]]);
});
