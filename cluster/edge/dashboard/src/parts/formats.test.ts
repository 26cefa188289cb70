import { expect, test } from "vitest";
import { ago, bytes, count, duration, plural, rate, shortCount, shortId } from "./formats";

test.each([
  [0.08, "0.1 ms"], [4.26, "4.3 ms"], [850, "850 ms"], [999.6, "1 s"], [1_540, "1.5 s"], [59_960, "1 min"],
  [200_000, "3 min 20 s"], [3_600_000, "1 h"], [7_500_000, "2 h 5 min"], [273_600_000, "3 d 4 h"],
])("%d ms are written %s", (milliseconds, text) => {
  expect(duration(milliseconds)).toBe(text);
});

test.each([
  [0, "0 B"], [512, "512 B"], [61_198_336, "61.2 MB"], [1_000, "1 kB"], [5e15, "5,000 TB"],
])("%d bytes are written %s", (value, text) => {
  expect(bytes(value)).toBe(text);
});

test("times are told as far as anybody wants to know, also those to come", () => {
  const now = Date.parse("2026-11-22T12:00:00Z");
  expect(ago("2026-11-22T11:59:59Z", now)).toBe("just now");
  expect(ago("2026-11-22T11:59:48Z", now)).toBe("12 s ago");
  expect(ago("2026-11-22T11:57:10Z", now)).toBe("2 min ago");
  expect(ago("2026-11-22T12:05:00Z", now)).toBe("in 5 min");
});

test("numbers are grouped, shortened or counted", () => {
  expect(count(1_234_567)).toBe("1,234,567");
  expect(shortCount(12_300)).toMatch(/^12\.3k$/i);
  expect(plural(1, "task")).toBe("1 task");
  expect(plural(0, "task")).toBe("0 tasks");
  expect(plural(2, "is", "are")).toBe("2 are");
  expect(rate(9.96)).toBe("10");
  expect(rate(0.25)).toBe("0.3");
  expect(rate(4_321.9)).toBe("4,322");
});

test("tasks of one batch are told apart by the end of their ids", () => {
  expect(shortId("01a202ec-6e34-7707-807e-57f6ceee4205")).toBe("ceee4205");
});
