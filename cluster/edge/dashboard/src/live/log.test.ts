import { expect, test } from "vitest";
import { frame } from "./event.fixture";
import type { Frame } from "./frames";
import { append, EMPTY, KEPT_ROWS, type Log, type Row, understood } from "./log";

function logOf(...frames: Frame[]): Log {
  return append(EMPTY, frames.map(understood).filter((told) => told !== null));
}

function more(log: Log, ...frames: Frame[]): Log {
  return append(log, frames.map(understood).filter((told) => told !== null));
}

function kinds(rows: readonly Row[]): string[] {
  return rows.map((row) => (row.kind === "gap" ? `gap of ${row.lost ?? "unknown"}` : row.event.msg));
}

test("events are kept in order, each once, however often the backlog repeats them", () => {
  const log = more(logOf(frame(1, { msg: "1" }), frame(2, { msg: "2" })), frame(1, { msg: "1" }), frame(2, { msg: "2" }), frame(3, { msg: "3" }));
  expect(kinds(log.rows)).toEqual(["1", "2", "3"]);
});

test("a hole in the numbers is a gap that knows its size", () => {
  expect(kinds(logOf(frame(1, { msg: "1" }), frame(5, { msg: "5" })).rows)).toEqual(["1", "gap of 3", "5"]);
});

test("after a new life of the edge nobody knows what is missing", () => {
  expect(kinds(logOf(frame(9, { msg: "9" }), frame(1, { msg: "1" }, "b")).rows)).toEqual(["9", "gap of unknown", "1"]);
});

test("the first event is no gap, wherever the backlog begins", () => {
  expect(kinds(logOf(frame(700, { msg: "700" })).rows)).toEqual(["700"]);
});

test("a gap that the server tells is told once", () => {
  const gap = { id: "", type: "gap", data: '{"lost":12}' };
  expect(kinds(logOf(frame(1, { msg: "1" }), gap, frame(14, { msg: "14" })).rows)).toEqual(["1", "gap of 12", "14"]);
});

test("a reset is nothing of its own: the numbers around it tell what is missing", () => {
  const reset = { id: "", type: "reset", data: '{"reason":"too slow"}' };
  expect(kinds(logOf(frame(1, { msg: "1" }), reset, frame(2, { msg: "2" })).rows)).toEqual(["1", "2"]);
});

test("the log is bounded, the oldest rows go first and keys are never used twice", () => {
  const frames = Array.from({ length: KEPT_ROWS + 10 }, (_, index) => frame(index + 1));
  const { rows } = more(logOf(...frames), frame(KEPT_ROWS + 11, { msg: "last" }));
  expect(rows).toHaveLength(KEPT_ROWS);
  expect(new Set(rows.map((row) => row.key)).size).toBe(KEPT_ROWS);
  expect(kinds(rows).at(-1)).toBe("last");
});
