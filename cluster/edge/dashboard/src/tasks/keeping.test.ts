import { expect, test } from "vitest";
import type { Task } from "../api/types";
import { task } from "../task/task.fixture";
import type { Gathered } from "./gather";
import { keeping } from "./keeping";

function page(...tasks: Task[]): Gathered {
  return { tasks, next_cursor: null, at: 1, deep: false };
}

test("a row that only moved stays the same object", () => {
  const [one, other] = [task({ id: "1" }), task({ id: "2" })];
  const after = keeping(page(one, other), page(task({ id: "3" }), { ...one }, { ...other }));
  expect(after.tasks[1]).toBe(one);
  expect(after.tasks[2]).toBe(other);
});

test("a row that says something else is another one", () => {
  const after = keeping(page(task({ id: "1", state: "ready" })), page(task({ id: "1", state: "running" })));
  expect(after.tasks.map((row) => row.state)).toEqual(["running"]);
});

test("of the page itself the answer counts", () => {
  expect(keeping(page(), { ...page(), next_cursor: "more", at: 2 })).toMatchObject({ next_cursor: "more", at: 2 });
  expect(keeping(undefined, page())).toEqual(page());
});

test("a page that is asked for again is the same object: another one would be rendered again, for ever", () => {
  const shown = page(task({ id: "1" }));
  expect(keeping(shown, shown)).toBe(shown);
});
