/** One timer for everything on the page that ages. */
import { useSyncExternalStore } from "react";
import { serverNow } from "../api/clock";

const TICK_MS = 1_000;

let now = serverNow();
let timer: ReturnType<typeof setInterval> | null = null;
const listeners = new Set<() => void>();

/** Milliseconds since the epoch by the server's clock; renders again every second. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(tick, TICK_MS);
  now = serverNow();
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0 || timer === null) return;
    clearInterval(timer);
    timer = null;
  };
}

function tick(): void {
  now = serverNow();
  for (const listener of listeners) listener();
}
