/** The activity log as this page knows it: a pure reducer over what the stream told. */
import type { Event } from "../api/types";
import type { Frame } from "./frames";

/** Rows the page keeps; the oldest go first. */
export const KEPT_ROWS = 2_000;

export interface EventRow {
  kind: "event";
  key: number;
  event: Event;
}

/** Events are missing here. `lost`: how many, null when nobody can know. */
export interface GapRow {
  kind: "gap";
  key: number;
  lost: number | null;
}

export type Row = EventRow | GapRow;

/** `life` names one life of the edge, which numbers its events from 1. */
export interface Position {
  life: string;
  number: number;
}

export interface Log {
  /** Oldest first. */
  rows: readonly Row[];
  last: Position | null;
  nextKey: number;
}

/** One frame, understood. */
export type Told =
  | { kind: "event"; position: Position | null; event: Event }
  | { kind: "gap"; position: Position | null; lost: number | null };

export const EMPTY: Log = { rows: [], last: null, nextKey: 1 };

/** null for frames that say nothing to the log: `reset` does not, for the ids around it tell what is missing. */
export function understood(frame: Frame): Told | null {
  const position = positionOf(frame.id);
  if (frame.type === "message") return { kind: "event", position, event: JSON.parse(frame.data) as Event };
  if (frame.type !== "gap") return null;
  const { lost } = JSON.parse(frame.data) as { lost?: number };
  return { kind: "gap", position, lost: lost ?? null };
}

/** What was told is added once, in order, and holes in the numbers become gaps. */
export function append(log: Log, told: readonly Told[]): Log {
  const added: Row[] = [];
  let { last, nextKey } = log;
  const add = (row: Omit<EventRow, "key"> | Omit<GapRow, "key">) => {
    added.push({ ...row, key: nextKey });
    nextKey += 1;
  };
  for (const item of told) {
    if (item.kind === "gap") {
      add({ kind: "gap", lost: item.lost });
      // The server said what is missing; the jump of the numbers that follows is the same hole.
      last = item.position;
      continue;
    }
    const missing = missingBefore(last, item.position);
    if (missing === "known") continue;
    if (missing !== 0) add({ kind: "gap", lost: missing === "unknowable" ? null : missing });
    add({ kind: "event", event: item.event });
    last = item.position ?? last;
  }
  if (added.length === 0) return { ...log, last };
  return { rows: [...log.rows, ...added].slice(-KEPT_ROWS), last, nextKey };
}

function missingBefore(last: Position | null, next: Position | null): number | "known" | "unknowable" {
  if (last === null || next === null) return 0;
  if (last.life !== next.life) return "unknowable";
  return next.number <= last.number ? "known" : next.number - last.number - 1;
}

/** `4f2a-17` is the 17th event of the life 4f2a. */
function positionOf(id: string): Position | null {
  const match = /^([0-9a-f]+)-(\d+)$/.exec(id);
  if (match?.[1] === undefined) return null;
  return { life: match[1], number: Number(match[2]) };
}
