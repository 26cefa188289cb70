import { describe, expect, it } from "vitest";
import type { Event } from "../api/types";
import { at, task } from "../task/task.fixture";
import { withNews } from "./news";

const ONE = task({ id: "1" });
const TWO = task({ id: "2" });

function event(name: string, seconds: number, facts: Partial<Event> = {}): Event {
  return { event: name, level: "info", msg: "", timestamp: at(seconds), task_id: "1", worker_id: "w-1", ...facts };
}

function after(...events: Event[]) {
  return withNews([ONE, TWO], events).rows[0];
}

describe("events move rows", () => {
  it("through their states, with the times of the events", () => {
    expect(after(event("task_assigned", 1))).toMatchObject({ state: "leased", picked_at: at(1), worker_id: "w-1" });
    expect(after(event("task_assigned", 1), event("task_started", 2))).toMatchObject({ status: "STARTED", started_at: at(2) });
    expect(after(event("task_started", 2), event("task_completed", 3))).toMatchObject({ state: "complete", completed_at: at(3) });
  });

  it("back to waiting when a worker is lost", () => {
    expect(after(event("task_started", 1), event("task_rescued", 2))).toMatchObject({ state: "ready", worker_id: null, started_at: null });
  });

  it("on with their progress", () => {
    const told = event("task_progress", 2, { msg: "resize is at 40%: page 2: done" });
    expect(after(event("task_started", 1), told)).toMatchObject({ progress: 0.4, progress_message: "page 2: done" });
  });

  it("and leave the others the same objects", () => {
    const { rows, changed } = withNews([ONE, TWO], [event("task_assigned", 1)]);
    expect(changed).toBe(true);
    expect(rows[1]).toBe(TWO);
  });
});

describe("nothing changes", () => {
  it("for events of other tasks, of workers, or without meaning for a row", () => {
    const rows = [ONE, TWO];
    const events = [event("task_started", 1, { task_id: "9" }), event("task_scheduled", 1), event("worker_online", 1)];
    expect(withNews(rows, events)).toEqual({ rows, changed: false });
    expect(withNews(rows, events).rows).toBe(rows);
  });

  it("for what the row knows already, as when the backlog is told again", () => {
    const done = task({ id: "1", state: "complete", status: "COMPLETE", picked_at: at(1), completed_at: at(5) });
    expect(withNews([done], [event("task_started", 2), event("task_completed", 5)]).changed).toBe(false);
    const running = task({ id: "1", state: "running", status: "STARTED", picked_at: at(8), started_at: at(9) });
    expect(withNews([running], [event("task_rescued", 4)]).changed).toBe(false);
  });
});

it("what has failed comes back when it is tried again", () => {
  const failed = task({ id: "1", state: "dead", status: "FAILED", failed_at: at(5) });
  expect(withNews([failed], [event("task_retried", 6)]).rows[0]).toMatchObject({ status: "QUEUED", failed_at: null });
});
