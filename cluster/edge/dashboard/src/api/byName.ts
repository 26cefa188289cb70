import type { Worker } from "./types";

export function byName(workers: readonly Worker[]): Worker[] {
  return workers.toSorted((one, other) => compareNames(one.name, other.name));
}

/** worker-2 before worker-10. */
export function compareNames(one: string, other: string): number {
  return one.localeCompare(other, undefined, { numeric: true });
}
