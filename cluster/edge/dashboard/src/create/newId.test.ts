import { expect, it } from "vitest";
import { newId } from "./newId";

it("is a UUID of version 7 that begins with its time", () => {
  const id = newId(Date.parse("2030-01-31T12:00:00Z"));
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(parseInt(id.replaceAll("-", "").slice(0, 12), 16)).toBe(Date.parse("2030-01-31T12:00:00Z"));
});

it("is never the same", () => {
  expect(newId(0)).not.toBe(newId(0));
});
