// @vitest-environment jsdom
import { beforeEach, expect, test, vi } from "vitest";
import type { Memory } from "./memory";

beforeEach(() => {
  sessionStorage.clear();
  vi.resetModules();
});

/** What the tour knows after the page was loaded again. */
async function reloaded(before: Partial<Memory>): Promise<Memory> {
  const { remember } = await import("./memory");
  remember(before);
  vi.resetModules();
  const { remember: again } = await import("./memory");
  again({});
  return JSON.parse(sessionStorage.getItem("taskmaster.tour") ?? "{}") as Memory;
}

test("the tour survives a reload", async () => {
  const before = { step: 3, phase: "watching", taskIds: ["a"], workersBefore: 3 } as const;
  expect(await reloaded(before)).toMatchObject(before);
});

test("what was being done when the page was left can be done again", async () => {
  expect((await reloaded({ step: 2, phase: "acting" })).phase).toBe("ready");
});
