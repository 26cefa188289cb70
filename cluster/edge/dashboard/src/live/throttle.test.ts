import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Throttle } from "./throttle";

beforeEach(() => { vi.useFakeTimers(); });
afterEach(() => { vi.useRealTimers(); });

test("the first request is met at once, a burst behind it once more at the end", () => {
  const step = vi.fn();
  const throttle = new Throttle(step, () => 1_000);
  for (let asked = 0; asked < 100; asked += 1) throttle.ask();
  expect(step).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(1_000);
  expect(step).toHaveBeenCalledTimes(2);
  vi.advanceTimersByTime(10_000);
  expect(step).toHaveBeenCalledTimes(2);
});

test("whoever asks all the time is met once per interval", () => {
  const step = vi.fn();
  const throttle = new Throttle(step, () => 1_000);
  for (let passed = 0; passed < 10_000; passed += 10) {
    throttle.ask();
    vi.advanceTimersByTime(10);
  }
  expect(step.mock.calls.length).toBeLessThanOrEqual(11);
});

test("a request from within the step is met after the interval", () => {
  let left = 2;
  const throttle = new Throttle(() => { if (left-- > 0) throttle.ask(); }, () => 1_000);
  throttle.ask();
  vi.advanceTimersByTime(1_000);
  expect(left).toBe(0);
  vi.advanceTimersByTime(1_000);
  expect(left).toBe(-1);
});

test("what was asked is forgotten when it stops", () => {
  const step = vi.fn();
  const throttle = new Throttle(step, () => 1_000);
  throttle.ask();
  throttle.ask();
  throttle.stop();
  vi.advanceTimersByTime(10_000);
  expect(step).toHaveBeenCalledTimes(1);
});
