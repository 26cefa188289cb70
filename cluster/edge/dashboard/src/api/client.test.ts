import { afterEach, expect, test, vi } from "vitest";
import { get, post, withQuery } from "./client";
import type { Problem } from "./problem";

afterEach(() => { vi.unstubAllGlobals(); });

function answer(body: string, init: ResponseInit = {}): void {
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(body, init)));
}

async function problemOf(asked: Promise<unknown>): Promise<Problem> {
  return asked.then(() => { throw new Error("no problem"); }, (problem: unknown) => problem as Problem);
}

test("a refusal says what the server said", async () => {
  answer('{"type":"about:blank","title":"Not Found","status":404,"detail":"no worker of that name"}', { status: 404 });
  expect(await problemOf(get("/api/x"))).toMatchObject({ status: 404, title: "Not Found", detail: "no worker of that name", passing: false });
});

test("whatever a proxy answers is a problem, too", async () => {
  answer("<h1>Bad Gateway</h1>", { status: 502, statusText: "Bad Gateway" });
  expect(await problemOf(post("/api/x"))).toMatchObject({ status: 502, title: "Bad Gateway", passing: true });
});

test("no answer is a problem that may pass", async () => {
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));
  expect(await problemOf(get("/api/x"))).toMatchObject({ status: 0, passing: true });
});

test("a request that was given up is none", async () => {
  const given = new DOMException("given up", "AbortError");
  vi.stubGlobal("fetch", () => Promise.reject(given));
  expect(await problemOf(get("/api/x"))).toBe(given);
});

test("a query leaves out what is not asked for", () => {
  expect(withQuery("/api/tasks", { status: "ready", queue: "", limit: 5, cursor: undefined })).toBe("/api/tasks?status=ready&limit=5");
  expect(withQuery("/api/tasks", {})).toBe("/api/tasks");
  expect(withQuery("/api/tasks", { command: "a&b" })).toBe("/api/tasks?command=a%26b");
});
