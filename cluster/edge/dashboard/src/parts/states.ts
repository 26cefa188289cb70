/** How each state of a task looks: a word, an icon and a tone, so that it is never told by colour alone. */
import type { IconName } from "./Icon";

export type Tone =
  | "pending" | "running" | "completed" | "failed" | "cancelled" | "scheduled" | "parked" | "quarantined";

export interface Look {
  label: string;
  tone: Tone;
  icon: IconName;
  /** One sentence that says what the state means. */
  meaning: string;
}

const LOOKS: Record<string, Look> = {
  scheduled: { label: "Scheduled", tone: "scheduled", icon: "calendar", meaning: "Its time has not come yet." },
  ready: { label: "Pending", tone: "pending", icon: "clock", meaning: "It may run as soon as a slot is free." },
  leased: { label: "Assigned", tone: "pending", icon: "arrow", meaning: "A worker holds it and is about to run it." },
  running: { label: "Running", tone: "running", icon: "play", meaning: "A worker runs it now." },
  parked: { label: "Parked", tone: "parked", icon: "parked", meaning: "No worker that is alive knows its command." },
  paused: { label: "Paused", tone: "parked", icon: "pause", meaning: "Its queue is paused." },
  isolated: { label: "Isolated", tone: "parked", icon: "shield", meaning: "It crashed workers, so it waits to run alone." },
  complete: { label: "Completed", tone: "completed", icon: "check", meaning: "It ran and returned." },
  failed: { label: "Failed", tone: "failed", icon: "cross", meaning: "It ended with an error." },
  dead: { label: "Dead", tone: "failed", icon: "cross", meaning: "It failed in every attempt it had." },
  cancelled: { label: "Cancelled", tone: "cancelled", icon: "ban", meaning: "Somebody cancelled it." },
  quarantined: { label: "Quarantined", tone: "quarantined", icon: "shield", meaning: "It kept crashing its worker and is kept away from them." },
};

/** The look of a `state`; one that this page does not know yet is shown by its name. */
export function lookOf(state: string): Look {
  return LOOKS[state] ?? { label: state, tone: "cancelled", icon: "info", meaning: "" };
}
