import { expect, it } from "vitest";
import { coverage, isNothing, NOTHING, toggled, toggledPage } from "./selection";

const ROWS = ["a", "b", "c", "d"];

it("a row is selected, and no more", () => {
  const one = toggled(NOTHING, ROWS, "b", false);
  expect([...one.ids]).toEqual(["b"]);
  expect(isNothing(toggled(one, ROWS, "b", false))).toBe(true);
});

it("Shift selects from the last row on, whichever way, and takes away as well", () => {
  const range = toggled(toggled(NOTHING, ROWS, "d", false), ROWS, "b", true);
  expect([...range.ids].sort()).toEqual(["b", "c", "d"]);
  expect([...toggled(range, ROWS, "c", true).ids]).toEqual(["d"]);
});

it("a range whose beginning has left the page is one row", () => {
  expect([...toggled({ ...NOTHING, anchor: "gone" }, ROWS, "c", true).ids]).toEqual(["c"]);
});

it("the whole page on and off", () => {
  const some = toggled(NOTHING, ROWS, "a", false);
  expect(coverage(some, ROWS)).toBe("some");
  const all = toggledPage(some, ROWS);
  expect(coverage(all, ROWS)).toBe("all");
  expect(toggledPage(all, ROWS)).toBe(NOTHING);
  expect(coverage(NOTHING, [])).toBe("none");
});

it("choosing a row ends what was chosen by the filter", () => {
  expect(toggled({ ...NOTHING, all: true }, ROWS, "a", false).all).toBe(false);
});
