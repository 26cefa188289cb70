import { afterEach, expect, it, vi } from "vitest";
import { task } from "../task/task.fixture";
import { START } from "./filter";
import { gather } from "./gather";

const SIGNAL = new AbortController().signal;
const asked: URL[] = [];

/** Answers in turn, the last one for ever. */
function answering(...pages: { found: number; next: string | null }[]) {
  asked.length = 0;
  vi.stubGlobal("fetch", (path: string) => {
    asked.push(new URL(path, "http://edge"));
    const { found, next } = pages[Math.min(asked.length, pages.length) - 1] ?? { found: 0, next: null };
    return Promise.resolve(Response.json({ tasks: Array.from({ length: found }, () => task()), next_cursor: next }));
  });
}

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

it("one answer that fills the page is the page", async () => {
  answering({ found: 100, next: "a" });
  expect(await gather(START, SIGNAL)).toMatchObject({ next_cursor: "a", deep: false });
  expect(asked).toHaveLength(1);
});

it("asks on behind a part of a page, for what is missing of it", async () => {
  answering({ found: 30, next: "a" }, { found: 0, next: "b" }, { found: 70, next: null });
  expect((await gather(START, SIGNAL)).tasks).toHaveLength(100);
  expect(asked.map((url) => [url.searchParams.get("cursor"), url.searchParams.get("limit")])).toEqual([
    [null, "100"], ["a", "70"], ["b", "70"],
  ]);
});

it("does not look for ever, and says where to go on", async () => {
  answering({ found: 0, next: "on" });
  vi.spyOn(Date, "now").mockImplementation(() => asked.length * 100);
  const page = await gather(START, SIGNAL);
  expect(page).toMatchObject({ tasks: [], next_cursor: "on", deep: true });
  expect(asked).toHaveLength(20);
});
