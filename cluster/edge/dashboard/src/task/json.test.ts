import { expect, it } from "vitest";
import { printed, textOf } from "./json";

const VALUE = { path: "/tmp/<b>", size: 3, tags: ["a", { deep: null }], none: {}, empty: [], ok: true };

it("is printed as JSON.stringify would", () => {
  expect(textOf(printed(VALUE, false))).toBe(JSON.stringify(VALUE, null, 2));
});

it.each([null, 3, "x", [], {}, [[1]]])("prints %j", (value) => {
  expect(textOf(printed(value, false))).toBe(JSON.stringify(value, null, 2));
});

it("hides the values of secret keys, also from who copies them", () => {
  const told = printed({ user: "a", password: "hunter2", auth: { token: ["t1", "t2"] } }, false);
  expect(told.secrets).toBe(2);
  expect(textOf(told)).not.toMatch(/hunter2|t1/);
  expect(textOf(told)).toContain('"password": •••');
});

it("shows them when they are asked for, and still counts them", () => {
  const told = printed({ password: "hunter2" }, true);
  expect(textOf(told)).toContain("hunter2");
  expect(told.secrets).toBe(1);
});
