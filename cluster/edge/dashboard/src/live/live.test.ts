// @vitest-environment jsdom
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Event as Happening } from "../api/types";
import { frame } from "./event.fixture";
import { Live } from "./live";

let push: (text: string) => void;
let streams = 0;
let lastId: string | null = null;

beforeEach(() => {
  vi.useFakeTimers();
  streams = 0;
  vi.stubGlobal("fetch", (_url: string, { headers, signal }: RequestInit) => {
    streams += 1;
    lastId = new Headers(headers).get("last-event-id");
    const body = new ReadableStream<Uint8Array>({
      start(control) {
        push = (text) => { control.enqueue(new TextEncoder().encode(text)); };
        signal?.addEventListener("abort", () => { control.error(signal.reason); });
      },
    });
    return Promise.resolve(new Response(body));
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function textOf(first: number, last: number): string {
  return Array.from({ length: last - first + 1 }, (_, index) => frame(first + index))
    .map(({ id, data }) => `id: ${id}\ndata: ${data}\n\n`).join("");
}

function hide(hidden: boolean): void {
  vi.spyOn(document, "hidden", "get").mockReturnValue(hidden);
  document.dispatchEvent(new Event("visibilitychange"));
}

test("what comes within a quarter of a second is one batch and one render", async () => {
  const live = new Live("/stream");
  const batches: (readonly Happening[])[] = [];
  const rendered = vi.fn();
  live.onBatch((events) => { batches.push(events); });
  live.start();
  await vi.advanceTimersByTimeAsync(10);
  live.subscribe(rendered);
  for (let chunk = 0; chunk < 100; chunk += 1) push(textOf(chunk * 10 + 1, chunk * 10 + 10));
  await vi.advanceTimersByTimeAsync(250);
  expect(batches.map((batch) => batch.length)).toEqual([1_000]);
  expect(rendered).toHaveBeenCalledTimes(1);
  expect(live.log.rows).toHaveLength(1_000);
  live.stop();
});

test("nothing is rendered while nothing happens, and comments keep the stream alive", async () => {
  const live = new Live("/stream");
  live.start();
  await vi.advanceTimersByTimeAsync(10);
  const rendered = vi.fn();
  live.subscribe(rendered);
  for (let passed = 0; passed < 30; passed += 1) {
    push(": still here\n\n");
    await vi.advanceTimersByTimeAsync(5_000);
  }
  expect(rendered).not.toHaveBeenCalled();
  expect(live.connection.phase).toBe("live");
  expect(streams).toBe(1);
  live.stop();
});

test("a page that nobody looks at gives its stream back, and takes it up when somebody does", async () => {
  const live = new Live("/stream");
  live.start();
  await vi.advanceTimersByTimeAsync(10);
  push(textOf(1, 3));
  hide(true);
  for (let passed = 0; passed < 36; passed += 1) {
    push(": still here\n\n");
    await vi.advanceTimersByTimeAsync(5_000);
  }
  expect(live.connection.phase).toBe("live");
  await vi.advanceTimersByTimeAsync(300_000);
  const before = streams;
  hide(false);
  await vi.advanceTimersByTimeAsync(10);
  expect(streams).toBe(before + 1);
  expect(lastId).toBe("a-3");
  expect(live.connection.phase).toBe("live");
  live.stop();
});
