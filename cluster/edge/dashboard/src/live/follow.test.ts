import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { delayAfter, follow } from "./follow";
import type { Frame } from "./frames";

beforeEach(() => { vi.useFakeTimers(); });
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const asked: (string | null)[] = [];

/** A server whose streams are these, one per connection; null refuses. Without more of them it stays silent. */
function serve(...streams: (string | null)[]): void {
  asked.length = 0;
  vi.stubGlobal("fetch", (_url: string, { headers, signal }: RequestInit) => {
    asked.push(new Headers(headers).get("last-event-id"));
    const stream = streams.shift();
    if (stream === null) return Promise.reject(new TypeError("no network"));
    const silent = new ReadableStream({
      start(control) { signal?.addEventListener("abort", () => { control.error(signal.reason); }); },
    });
    return Promise.resolve(new Response(stream ?? silent));
  });
}

function listening() {
  const told: string[] = [];
  const listener = {
    live: () => { told.push("live"); },
    lost: () => { told.push("lost"); },
    heard: (frames: Frame[]) => { told.push(...frames.map((frame) => frame.data)); },
  };
  return { told, listener };
}

test("it goes on with the id of the last event, after whatever ended the stream", async () => {
  serve("id: a-1\ndata: one\n\n", null, "id: a-2\ndata: two\n\n");
  const { told, listener } = listening();
  const stop = new AbortController();
  const done = follow("/stream", "", listener, stop.signal);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(told).toEqual(["live", "one", "lost", "lost", "live", "two", "lost", "live"]);
  expect(asked).toEqual([null, "a-1", "a-1", "a-2"]);
  stop.abort();
  await done;
});

test("a stream on which not even a comment comes is given up", async () => {
  serve();
  const { told, listener } = listening();
  const stop = new AbortController();
  const done = follow("/stream", "", listener, stop.signal);
  await vi.advanceTimersByTimeAsync(11_000);
  expect(told).toEqual(["live"]);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(told).toEqual(["live", "lost", "live"]);
  stop.abort();
  await done;
});

test("once stopped it tells nothing more", async () => {
  serve();
  const { told, listener } = listening();
  const stop = new AbortController();
  const done = follow("/stream", "", listener, stop.signal);
  await vi.advanceTimersByTimeAsync(10);
  stop.abort();
  await done;
  expect(told).toEqual(["live"]);
});

test("tries get rarer up to a bound, and are scattered by half", () => {
  expect(delayAfter(0, () => 1)).toBe(500);
  expect(delayAfter(0, () => 0)).toBe(250);
  expect(delayAfter(3, () => 1)).toBe(4_000);
  expect(delayAfter(30, () => 1)).toBe(10_000);
});
