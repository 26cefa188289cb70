/** How far the tour has got: kept outside the page, for the tour itself sends people to other pages. */
import { useSyncExternalStore } from "react";

export interface Killed {
  workerId: string;
  name: string;
  /** What it held when it was killed. */
  taskIds: readonly string[];
}

/** `step`: its index. `phase`: whether its button has been pressed, and whether what it promised was seen. */
export interface Memory {
  step: number;
  phase: "ready" | "acting" | "watching" | "seen";
  taskIds: readonly string[];
  /** Workers that were online before the tour changed that. */
  workersBefore: number | null;
  killed: Killed | null;
}

export const BEGINNING: Memory = { step: 0, phase: "ready", taskIds: [], workersBefore: null, killed: null };

const KEY = "taskmaster.tour";
const listeners = new Set<() => void>();
let memory = kept();

export function useMemory(): Memory {
  return useSyncExternalStore(subscribe, () => memory);
}

export function remember(change: Partial<Memory>): void {
  memory = { ...memory, ...change };
  try {
    sessionStorage.setItem(KEY, JSON.stringify(memory));
  } catch {
    // Storage may be forbidden; then the tour does not survive a reload.
  }
  for (const listener of listeners) listener();
}

function kept(): Memory {
  try {
    const text = sessionStorage.getItem(KEY);
    if (text === null) return BEGINNING;
    const before = { ...BEGINNING, ...(JSON.parse(text) as Partial<Memory>) };
    // Whoever was acting is gone with the page that was reloaded.
    return before.phase === "acting" ? { ...before, phase: "ready" } : before;
  } catch {
    return BEGINNING;
  }
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
