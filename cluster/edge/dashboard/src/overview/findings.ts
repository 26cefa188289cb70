/** What is wrong with the cluster, in plain words with what to do; nothing when all is well. Pure. */
import type { Database, Finding, Stats, Worker } from "../api/types";
import { duration, plural } from "../parts/formats";

const LATE_SECONDS = 1;
const UNHEARD_MS = 10_000;

/** Worst first. `now`: milliseconds since the epoch. */
export function findingsOf(stats: Stats | undefined, database: Database | undefined, now: number): Finding[] {
  const found = [...(stats ? ofWorkers(stats, now) : []), ...(database?.findings ?? [])];
  return found.toSorted((one, other) => Number(one.level === "warn") - Number(other.level === "warn"));
}

function ofWorkers(stats: Stats, now: number): Finding[] {
  if (stats.workers.length === 0) return [nobody(stats.pending)];
  return stats.workers.flatMap((worker) => [...unheard(worker, now), ...late(worker)]);
}

function nobody(pending: number): Finding {
  const waiting = pending > 0 ? `${plural(pending, "task waits", "tasks wait")}, and no` : "No";
  return { level: "bad", text: `${waiting} worker is alive.`, advice: "Scale up on the Workers page, or start one with taskmaster worker." };
}

function unheard({ name, last_heartbeat }: Pick<Worker, "name" | "last_heartbeat">, now: number): Finding[] {
  const silent = now - Date.parse(last_heartbeat);
  if (silent < UNHEARD_MS) return [];
  const text = `${name} has not been heard for ${duration(Math.round(silent / 1000) * 1000)}.`;
  return [{ level: "warn", text, advice: "If it stays silent, it counts as lost and its tasks run again elsewhere." }];
}

function late({ name, loop_lag_seconds }: Pick<Worker, "name" | "loop_lag_seconds">): Finding[] {
  if (loop_lag_seconds < LATE_SECONDS) return [];
  const text = `The event loop of ${name} is ${duration(loop_lag_seconds * 1000)} late: a task blocks it.`;
  return [{ level: "warn", text, advice: "Make functions that compute or block plain def: they run apart from the loop." }];
}
