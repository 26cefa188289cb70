import { expect, it } from "vitest";
import { NO_FILTER } from "./filter";
import { NOTHING } from "./selection";
import { orderOf } from "./steering";

const ALL = { ...NOTHING, all: true };

it("rows that were chosen are named, whatever the filter says", () => {
  const chosen = { ...NOTHING, ids: new Set(["a", "b"]) };
  expect(orderOf("cancel", chosen, { ...NO_FILTER, status: "COMPLETE" }, 0)).toEqual({ body: { task_ids: ["a", "b"] } });
});

it("all that match are named by the filter", () => {
  const filter = { ...NO_FILTER, status: "FAILED", command: "resize" } as const;
  expect(orderOf("retry", ALL, filter, 0)).toEqual({ body: { status: "FAILED", command: "resize" } });
});

it("everything there is cannot be meant", () => {
  expect(orderOf("cancel", ALL, NO_FILTER, 0)).toHaveProperty("refused");
});

it("an id is no filter to order by", () => {
  expect(orderOf("cancel", ALL, { ...NO_FILTER, id: "0192f0a0" }, 0)).toHaveProperty("refused");
});

it("what a filter finds must be able to do it", () => {
  expect(orderOf("cancel", ALL, { ...NO_FILTER, status: "COMPLETE" }, 0)).toHaveProperty("refused");
  expect(orderOf("retry", ALL, { ...NO_FILTER, status: "running" }, 0)).toHaveProperty("refused");
  expect(orderOf("retry", ALL, { ...NO_FILTER, queue: "images" }, 0)).toEqual({ body: { queue: "images" } });
});
