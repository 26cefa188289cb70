import { expect, test } from "vitest";
import { EMPTY, type Log } from "../live/log";
import { afterPress, afterScroll, newSince } from "./hold";

const THEN: Log = { ...EMPTY, nextKey: 11 };
const NOW: Log = { ...EMPTY, nextKey: 18 };

test("the button holds, and lets go", () => {
  const held = afterPress(null, THEN);
  expect(held).toEqual({ log: THEN, pressed: true });
  expect(afterPress(held, NOW)).toBeNull();
});

test("scrolling down holds what is read, scrolling back to the top lets go", () => {
  const held = afterScroll(null, 40, THEN);
  expect(held).toEqual({ log: THEN, pressed: false });
  expect(afterScroll(held, 90, NOW)).toBe(held);
  expect(afterScroll(held, 0, NOW)).toBeNull();
});

test("what was held by the button is not let go by scrolling", () => {
  const held = afterPress(null, THEN);
  expect(afterScroll(held, 0, NOW)).toBe(held);
});

test("it is known how much came since", () => {
  expect(newSince({ log: THEN, pressed: true }, NOW)).toBe(7);
});
