/** What came of an order, told at the edge of the page for a few seconds. State: the toasts that are shown. */
import { useSyncExternalStore } from "react";
import { asProblem } from "../api/problem";

export interface ToastContent {
  tone: "good" | "bad" | "info";
  title: string;
  detail?: string;
  link?: { href: string; text: string };
}

export interface Shown extends ToastContent {
  key: number;
}

const MOST = 4;

let shown: readonly Shown[] = [];
let nextKey = 1;
const listeners = new Set<() => void>();

/** Shows a toast; callable from anywhere. */
export function toast(content: ToastContent): void {
  put([...shown, { ...content, key: nextKey++ }].slice(-MOST));
}

/** Shows what went wrong. `title` says what was wanted: "worker-2 was not killed". */
export function toastProblem(title: string, error: unknown): void {
  toast({ tone: "bad", title, detail: asProblem(error).detail });
}

export function dismiss(key: number): void {
  put(shown.filter((one) => one.key !== key));
}

export function useToasts(): readonly Shown[] {
  return useSyncExternalStore(subscribe, () => shown);
}

function put(next: readonly Shown[]): void {
  shown = next;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
