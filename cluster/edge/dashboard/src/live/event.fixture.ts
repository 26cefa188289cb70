import type { Event } from "../api/types";
import type { Frame } from "./frames";

/** An event as the stream tells it. */
export function event(change: Partial<Event> = {}): Event {
  return { event: "task_started", level: "info", msg: "noop started", timestamp: "2026-11-22T12:00:00Z", ...change };
}

/** Event number `number` of a life of the edge. */
export function frame(number: number, change: Partial<Event> = {}, life = "a"): Frame {
  return { id: `${life}-${number}`, type: "message", data: JSON.stringify(event(change)) };
}
