import { lookOf, type Tone } from "../parts/states";
import type { Span } from "./timeline";

const LABELS: Record<Exclude<Span["phase"], "earlier">, [label: string, tone: Tone]> = {
  scheduled: ["Not due yet", "scheduled"],
  backoff: ["Waiting to be tried again", "scheduled"],
  ready: ["Waiting for a slot", "pending"],
  parked: ["No worker knows its command", "parked"],
  isolated: ["Waiting to run alone", "parked"],
  paused: ["Its queue is paused", "parked"],
  leased: ["With a worker, not begun", "cancelled"],
  running: ["Running", "running"],
};

/** Outcomes after which only a person brings a task back; the trail says when that was, not when it had ended. */
const ENDS = ["dead", "cancelled", "quarantined"];

/** How a stretch of a timeline is called, and its tone. */
export function phaseOf({ phase, attempt }: Span): { label: string; tone: Tone } {
  if (phase !== "earlier") {
    const [label, tone] = LABELS[phase];
    return { label, tone };
  }
  const outcome = attempt?.outcome ?? "ended";
  const which = attempt?.attempt == null ? "Earlier attempt" : `Attempt ${attempt.attempt}`;
  const label = ENDS.includes(outcome) ? `${which}: ${outcome}, until it was run again` : `${which}, waiting and running: ${outcome}`;
  return { label, tone: lookOf(outcome).tone === "cancelled" ? "parked" : "failed" };
}
