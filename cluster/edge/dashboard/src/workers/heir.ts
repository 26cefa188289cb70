import { compareNames } from "../api/byName";
import type { Worker } from "../api/types";

/**
 * The place among `workers` (by name) that takes over from the worker called `name`, which is gone: that of its
 * successor by this name, or the next one, or the last one. -1 when there is none.
 */
export function heirOf(name: string, workers: readonly Worker[]): number {
  const next = workers.findIndex((worker) => compareNames(worker.name, name) >= 0);
  return next >= 0 ? next : workers.length - 1;
}
