import type { Event } from "../api/types";
import type { Row } from "../live/log";

export const KINDS = [
  { value: "all", text: "All" },
  { value: "tasks", text: "Tasks" },
  { value: "workers", text: "Workers" },
  { value: "trouble", text: "Trouble" },
] as const;

export type Kind = (typeof KINDS)[number]["value"];

export interface Filter {
  kind: Kind;
  /** Words that all have to occur, in any of an event's fields and in any case. */
  text: string;
}

export const NO_FILTER: Filter = { kind: "all", text: "" };

/** The rows that fit, newest first. A gap fits always: what is missing there might have. */
export function fitting(rows: readonly Row[], { kind, text }: Filter): Row[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return rows
    .filter((row) => row.kind === "gap" || (isOf(row.event, kind) && holds(row.event, words)))
    .reverse();
}

function isOf(event: Event, kind: Kind): boolean {
  switch (kind) {
    case "all": return true;
    case "tasks": return event.event.startsWith("task");
    case "workers": return event.event.startsWith("worker");
    case "trouble": return event.level !== "info" && event.level !== "debug";
  }
}

function holds(event: Event, words: readonly string[]): boolean {
  if (words.length === 0) return true;
  const told = [event.event, event.msg, event.task_id, event.worker_id].join(" ").toLowerCase();
  return words.every((word) => told.includes(word));
}
