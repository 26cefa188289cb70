import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { heardDate, serverNow } from "./clock";

beforeEach(() => { vi.useFakeTimers({ now: Date.parse("2026-11-22T12:00:00.400Z") }); });
afterEach(() => { vi.useRealTimers(); });

test("clocks that agree to the second are the same", () => {
  heardDate("Sun, 22 Nov 2026 12:00:00 GMT");
  expect(serverNow()).toBe(Date.now());
});

test("a clock that is wrong is corrected by the server's", () => {
  heardDate("Sun, 22 Nov 2026 12:05:00 GMT");
  expect(Math.round((serverNow() - Date.now()) / 1_000)).toBe(300);
});

test("an answer without a date changes nothing", () => {
  heardDate("Sun, 22 Nov 2026 12:05:00 GMT");
  heardDate(null);
  expect(serverNow()).toBeGreaterThan(Date.now());
});
