import { expect, test } from "vitest";
import type { Event } from "../api/types";
import { event } from "../live/event.fixture";
import type { Row } from "../live/log";
import { type Filter, fitting, NO_FILTER } from "./filter";

const ROWS: Row[] = [
  row(1, { event: "task_failed", level: "error", msg: "resize failed", task_id: "0d-Ab" }),
  row(2, { event: "worker_offline", level: "warning", msg: "worker-2 is offline", worker_id: "worker-2-77" }),
  { kind: "gap", key: 3, lost: 4 },
  row(4, { event: "leader_elected", msg: "a new leader" }),
];

function row(key: number, change: Partial<Event>): Row {
  return { kind: "event", key, event: event(change) };
}

function keys(filter: Partial<Filter>): number[] {
  return fitting(ROWS, { ...NO_FILTER, ...filter }).map(({ key }) => key);
}

test("without a filter everything is shown, newest first", () => {
  expect(keys({})).toEqual([4, 3, 2, 1]);
});

test("a kind shows its own events, and gaps, for what is missing might have fitted", () => {
  expect(keys({ kind: "tasks" })).toEqual([3, 1]);
  expect(keys({ kind: "workers" })).toEqual([3, 2]);
  expect(keys({ kind: "trouble" })).toEqual([3, 2, 1]);
});

test("every word has to occur, in any field and any case", () => {
  expect(keys({ text: "0D-AB" })).toEqual([3, 1]);
  expect(keys({ text: " offline worker-2-77 " })).toEqual([3, 2]);
  expect(keys({ text: "offline resize" })).toEqual([3]);
});
