import { expect, test } from "vitest";
import { isAt, PLACES } from "./routes";

test("a person is at one place of the navigation, also on the page of a task", () => {
  const at = (location: string) => PLACES.filter(({ href }) => isAt(location, href)).map(({ text }) => text);
  expect(at("/")).toEqual(["Overview"]);
  expect(at("/tasks")).toEqual(["Tasks"]);
  expect(at("/tasks/0192f0a0")).toEqual(["Tasks"]);
  expect(at("/tasksheet")).toEqual([]);
});
